"""Which vector policies and vector indexes a container may have."""

from typing import Any

import pytest

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.vectorpolicy import Embedding, check_vector_indexes_kept, check_vectors, embeddings_of

QUANTIZED = {"path": "/embedding", "type": "quantizedFlat"}


def document(*indexes: Any, path: Any = "/embedding", **embedding: Any) -> dict[str, Any]:
    entry = {"path": path, "dataType": "float32", "dimensions": 384, "distanceFunction": "cosine", **embedding}
    return {"vectorEmbeddingPolicy": {"vectorEmbeddings": [entry]}, "indexingPolicy": {"vectorIndexes": list(indexes)}}


@pytest.mark.parametrize(
    "container",
    [
        {},
        document(),
        document(QUANTIZED),
        document({"path": "/embedding", "type": "flat"}, dimensions=505),
        document({"path": "/embedding", "type": "diskANN", "quantizationByteSize": 128, "indexingSearchListSize": 100}, dimensions=4096),
        document({"path": "/embedding", "type": "diskANN", "vectorIndexShardKey": ["/tenantId"]}),
        document({"path": '/"embed ding"', "type": "flat"}, path='/"embed ding"'),
        document(dataType="int8", distanceFunction="euclidean"),
    ],
)
def test_a_vector_policy_the_service_takes_is_taken(container: dict[str, Any]) -> None:
    check_vectors(container)


@pytest.mark.parametrize(
    ("container", "words"),
    [
        (document({"path": "/other", "type": "flat"}), "has no embedding"),
        ({"indexingPolicy": {"vectorIndexes": [QUANTIZED]}}, "has no embedding"),
        (document({"path": "/embedding", "type": "notFlat"}), "'notFlat' is invalid"),
        (document({"path": "/embedding", "type": ["flat"]}), "is invalid"),
        (document({"path": "/embedding"}), "None is invalid"),
        (document({"path": "/embedding", "type": "flat"}, dimensions=506), "does not hold 506"),
        (document({**QUANTIZED, "quantizationByteSize": 0}), "1 to 384"),
        (document({**QUANTIZED, "quantizationByteSize": 513}, dimensions=550), "1 to 512"),
        (document({**QUANTIZED, "indexingSearchListSize": 5}), "25 to 500"),
        (document({**QUANTIZED, "vectorIndexShardKey": ["country"]}), "'country' is not valid"),
        (document({**QUANTIZED, "vectorIndexShardKey": "/country"}), "a list of at most 1"),
        (document({**QUANTIZED, "vectorIndexShardKey": ["/country", "/city"]}), "a list of at most 1"),
        (document("flat"), "a list of objects"),
        (document(dataType="float33"), "'float33'"),
        (document(dimensions=8000), "8000 dimensions"),
        (document(dimensions=-1), "-1 dimensions"),
        (document(dimensions="384"), "'384' dimensions"),
        (document(dimensions=True), "True dimensions"),
        (document(distanceFunction="handMeasured"), "'handMeasured'"),
        (document(path="/passages/[]/embedding"), "is not valid"),
        (document(path="/*"), "is not valid"),
        (document(path=None), "is not valid"),
        ({"vectorEmbeddingPolicy": {"vectorEmbeddings": {}}}, "a list of objects"),
        ({"vectorEmbeddingPolicy": {"vectorEmbeddings": [1]}}, "a list of objects"),
    ],
)
def test_a_vector_policy_the_service_would_refuse_is_refused(container: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words) as refused:
        check_vectors(container)

    assert refused.value.status == 400


def test_a_vector_index_is_dropped_or_added_but_not_changed() -> None:
    check_vector_indexes_kept(document(QUANTIZED), document(QUANTIZED))
    check_vector_indexes_kept(document(QUANTIZED), document())
    check_vector_indexes_kept(document(), document(QUANTIZED))

    with pytest.raises(RefusedError, match="cannot be modified"):
        check_vector_indexes_kept(document(QUANTIZED), document({**QUANTIZED, "type": "diskANN"}))


def test_a_policy_is_read_by_its_paths() -> None:
    assert embeddings_of(document(path="/deep/v")) == {("deep", "v"): Embedding(384, "cosine")}
