"""Which ORDER BY an indexing policy serves."""

from typing import Any

import pytest

from devtools.emulators.cosmos.indexing import check_order, check_policy
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.parser import parse

EVERYTHING = {"indexingMode": "consistent", "includedPaths": [{"path": "/*"}], "excludedPaths": [{"path": '/"_etag"/?'}]}
LITTLE = {
    "indexingMode": "consistent",
    "includedPaths": [{"path": "/nextDueAt/?"}, {"path": "/source/*"}],
    "excludedPaths": [{"path": "/*"}, {"path": "/source/raw/*"}],
    "compositeIndexes": [[{"path": "/nextDueAt", "order": "ascending"}, {"path": "/source/name", "order": "descending"}]],
}


@pytest.mark.parametrize(
    ("policy", "order"),
    [
        (EVERYTHING, "c.anything.at.all"),
        (LITTLE, "c.nextDueAt DESC"),
        (LITTLE, "c.source.name"),
        (LITTLE, "c.id"),
        (LITTLE, "c._ts"),
        (LITTLE, "c.nextDueAt, c.source.name DESC"),
        (LITTLE, "c.nextDueAt DESC, c.source.name"),
    ],
)
def test_an_indexed_path_can_be_sorted_by(policy: dict[str, Any], order: str) -> None:
    check_order(parse(" ".join(("SELECT * FROM c ORDER BY", order))), policy)


@pytest.mark.parametrize(
    ("policy", "order"),
    [
        (EVERYTHING, "c._etag"),
        (EVERYTHING, "c.a, c.b"),
        (LITTLE, "c.nextDueAt.deeper"),
        (LITTLE, "c.other"),
        (LITTLE, "c.source.raw.size"),
        (LITTLE, "c.nextDueAt, c.source.name"),
        (LITTLE, "c.source.name DESC, c.nextDueAt"),
        ({"indexingMode": "none"}, "c.a"),
    ],
)
def test_a_path_without_an_index_cannot_be_sorted_by(policy: dict[str, Any], order: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check_order(parse(" ".join(("SELECT * FROM c ORDER BY", order))), policy)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    "policy", [{"includedPaths": [{}]}, {"excludedPaths": ["/*"]}, {"compositeIndexes": [[1]]}, {"includedPaths": [{"path": "a"}]}]
)
def test_a_policy_that_cannot_be_read_is_refused(policy: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        check_policy(policy)
