"""What is asked of an Azure OpenAI deployment, and what is believed of its answers."""

import base64
import json
from array import array
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.metrics import InMemoryMetrics
from shared.embeddings import azure_openai
from shared.embeddings.azure_openai import AzureOpenAiModel
from shared.errors import ConfigurationError, DependencyUnavailable, RateLimited, RequestRefused
from shared.http.client import http_client
from shared.telemetry.names import Metric
from shared.topology import Space

SPACE = Space("text-embedding-3-small", 3)


def as_base64(numbers: Sequence[float]) -> str:
    return base64.b64encode(array("f", numbers).tobytes()).decode()


def items(vectors: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    return [{"object": "embedding", "index": index, "embedding": as_base64(vector)} for index, vector in enumerate(vectors)]


def answer(data: object, **more: object) -> httpx2.Response:
    return httpx2.Response(200, json={"object": "list", "data": data, "model": "text-embedding-3-small", **more})


def right_answer(texts: Sequence[str]) -> httpx2.Response:
    return answer(items([[1.0, len(text), 0.5] for text in texts]), usage={"prompt_tokens": 7, "total_tokens": 7})


@dataclass
class Deployment:
    """Answers by a rule, and keeps what it was asked."""

    rule: Callable[[list[str]], httpx2.Response] = right_answer
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.rule(self.bodies()[-1]["input"])

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]


def model_of(
    deployment: Deployment,
    *,
    endpoint: str = "https://name.openai.azure.com/",
    name: str = "small",
    metrics: InMemoryMetrics | None = None,
    price: float = 0.0,
    api_key: str | None = "the-key",
    token: Callable[[], Awaitable[str]] | None = None,
) -> AzureOpenAiModel:
    return AzureOpenAiModel(
        client=http_client(transport=httpx2.MockTransport(deployment)),
        endpoint=endpoint,
        deployment=name,
        space=SPACE,
        metrics=metrics or InMemoryMetrics(),
        price_per_million_tokens=price,
        api_key=api_key,
        token=token,
    )


async def test_the_request_is_the_one_the_reference_describes() -> None:
    deployment = Deployment()

    vectors = await model_of(deployment, name="my small/one").encode(["one", "three"])

    [request] = deployment.requests
    assert request.method == "POST"
    assert str(request.url) == "https://name.openai.azure.com/openai/deployments/my%20small%2Fone/embeddings?api-version=2024-10-21"
    assert request.headers["api-key"] == "the-key"
    assert "authorization" not in request.headers
    assert deployment.bodies() == [{"input": ["one", "three"], "dimensions": 3, "encoding_format": "base64"}]
    assert [list(vector) for vector in vectors] == [[1.0, 3.0, 0.5], [1.0, 5.0, 0.5]]


async def test_an_identity_asks_with_a_fresh_token_each_time() -> None:
    deployment = Deployment()
    tokens = iter(["first", "second"])

    async def token() -> str:
        return next(tokens)

    model = model_of(deployment, api_key=None, token=token)
    await model.encode(["a"])
    await model.encode(["a"])

    assert [request.headers["authorization"] for request in deployment.requests] == ["Bearer first", "Bearer second"]
    assert "api-key" not in deployment.requests[0].headers


async def test_no_token_means_no_request() -> None:
    deployment = Deployment()

    async def token() -> str:
        raise DependencyUnavailable("no token")

    with pytest.raises(DependencyUnavailable, match="no token"):
        await model_of(deployment, api_key=None, token=token).encode(["a"])

    assert deployment.requests == []


async def one_token() -> str:
    return "token"


@pytest.mark.parametrize(("api_key", "token"), [(None, None), ("key", one_token)])
def test_there_is_exactly_one_way_to_be_authorized(api_key: str | None, token: Callable[[], Awaitable[str]] | None) -> None:
    with pytest.raises(ConfigurationError, match="either a key or an identity"):
        model_of(Deployment(), api_key=api_key, token=token)


@pytest.mark.parametrize("api_key", ["", "s3cret\n", "s3 cret", "s3crét"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_quoted(api_key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        model_of(Deployment(), api_key=api_key)

    assert str(raised.value) == "the key of Azure OpenAI holds characters that no key has"


@pytest.mark.parametrize("endpoint", ["", "name.openai.azure.com", "http://name.openai.azure.com", "ftp://x", "https://", "http://[::"])
def test_a_credential_goes_to_https_addresses_only(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an"):
        model_of(Deployment(), endpoint=endpoint)


async def test_vectors_come_in_the_order_of_their_texts_whatever_the_order_of_the_answer() -> None:
    def reversed_answer(texts: list[str]) -> httpx2.Response:
        return answer(items([[1.0, len(text), 0.5] for text in texts])[::-1])

    vectors = await model_of(Deployment(reversed_answer)).encode(["1", "22", "333"])

    assert [vector[1] for vector in vectors] == [1.0, 2.0, 3.0]


async def test_a_gateway_that_answers_decimal_text_is_understood() -> None:
    [vector] = await model_of(Deployment(lambda texts: answer([{"index": 0, "embedding": [0.5, -1, 2]}]))).encode(["a"])

    assert list(vector) == [0.5, -1.0, 2.0]


UNBELIEVABLE: dict[str, object] = {
    "one too few": items([[1.0, 2.0, 3.0]]),
    "one too many": items([[1.0, 2.0, 3.0]] * 3),
    "the same index twice": items([[1.0, 2.0, 3.0]])[:1] * 2,
    "an index that was not asked for": [{"index": 1, "embedding": [1, 2, 3]}, {"index": 2, "embedding": [1, 2, 3]}],
    "no index": [{"embedding": [1, 2, 3]}] * 2,
    "an unhashable index": [{"index": [], "embedding": [1, 2, 3]}] * 2,
    "other dimensions": items([[1.0, 2.0, 3.0], [1.0, 2.0]]),
    "nothing": None,
    "no list": {"a": 1},
    "a list of nothing": [None, None],
    "bytes that are no float32": [{"index": index, "embedding": "AAAA"} for index in range(2)],
    "no base64": [{"index": index, "embedding": "?" * 16} for index in range(2)],
    "words": [{"index": index, "embedding": ["a", "b", "c"]} for index in range(2)],
    "a number": [{"index": index, "embedding": 3} for index in range(2)],
    "no direction": items([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]),
    "no number": items([[1.0, 2.0, 3.0], [float("nan"), 0.0, 0.0]]),
    "no finite number": items([[1.0, 2.0, 3.0], [float("inf"), 0.0, 0.0]]),
}


@pytest.mark.parametrize("data", UNBELIEVABLE.values(), ids=UNBELIEVABLE.keys())
async def test_an_answer_that_is_not_one_good_vector_for_each_text_is_none(data: object) -> None:
    with pytest.raises(DependencyUnavailable, match=r"^embeddings of text-embedding-3-small: ") as raised:
        await model_of(Deployment(lambda texts: answer(data))).encode(["secret", "words"])

    assert "secret" not in str(raised.value)


async def test_a_text_without_anything_is_sent_as_a_space_and_half_a_character_as_a_question_mark() -> None:
    deployment = Deployment()

    await model_of(deployment).encode(["", "a\ud800b", "\n"])

    assert deployment.bodies()[0]["input"] == [" ", "a?b", "\n"]


async def test_no_texts_are_no_request() -> None:
    deployment = Deployment()

    assert await model_of(deployment).encode([]) == []
    assert deployment.requests == []


async def test_more_texts_than_one_request_may_have_are_several_requests() -> None:
    deployment = Deployment()

    vectors = await model_of(deployment).encode(["x" * (number % 5 + 1) for number in range(4097)])

    assert [len(body["input"]) for body in deployment.bodies()] == [2048, 2048, 1]
    assert [vector[1] for vector in vectors] == [number % 5 + 1 for number in range(4097)]


@given(st.lists(st.integers(0, 1_000_000), max_size=8))
async def test_requests_are_within_the_limit_of_tokens_and_split_nothing_needlessly(sizes: list[int]) -> None:
    texts = ["x" * size for size in sizes]

    requests = list(azure_openai._requests(texts))

    assert [text for request in requests for text in request] == texts
    estimates = [sum(len(text) // 3 + 1 for text in request) for request in requests]
    assert all(estimate <= 300_000 or len(request) == 1 for estimate, request in zip(estimates, requests, strict=True))
    firsts = [len(request[0]) // 3 + 1 for request in requests[1:]]
    assert all(estimate + first > 300_000 for estimate, first in zip(estimates, firsts, strict=False))


async def test_tokens_are_counted_as_the_service_says_them() -> None:
    metrics = InMemoryMetrics()
    model = model_of(Deployment(), metrics=metrics)

    await model.encode(["a"])
    await model.encode(["b"])

    assert metrics.total(Metric.EMBEDDING_TOKENS, model="text-embedding-3-small") == 14


async def test_tokens_of_an_answer_that_cannot_be_read_were_paid_for_all_the_same() -> None:
    metrics = InMemoryMetrics()
    unreadable = model_of(Deployment(lambda texts: answer(items([[1.0]]), usage={"total_tokens": 7})), metrics=metrics)

    with pytest.raises(DependencyUnavailable):
        await unreadable.encode(["a"])

    assert metrics.total(Metric.EMBEDDING_TOKENS) == 7


async def test_tokens_cost_what_a_million_of_them_cost() -> None:
    metrics = InMemoryMetrics()

    await model_of(Deployment(), metrics=metrics, price=0.02).encode(["a"])

    assert metrics.total(Metric.EMBEDDING_COST, model="text-embedding-3-small") == pytest.approx(7 * 0.02 / 1_000_000)


@pytest.mark.parametrize("usage", [None, {}, [], {"total_tokens": None}, {"total_tokens": "7"}])
async def test_an_answer_that_does_not_say_its_tokens_is_good_all_the_same(usage: object) -> None:
    metrics = InMemoryMetrics()

    await model_of(Deployment(lambda texts: answer(items([[1.0, 2.0, 3.0]]), usage=usage)), metrics=metrics).encode(["a"])

    assert metrics.total(Metric.EMBEDDING_TOKENS) == 0


def refusing(*refused: str) -> Callable[[list[str]], httpx2.Response]:
    def rule(texts: list[str]) -> httpx2.Response:
        return httpx2.Response(400, json={"error": {"message": texts[0]}}) if set(texts) & set(refused) else right_answer(texts)

    return rule


async def test_a_refused_text_is_a_permanent_error_that_does_not_quote_it() -> None:
    with pytest.raises(RequestRefused) as raised:
        await model_of(Deployment(refusing("secret"))).encode(["secret"])

    assert str(raised.value) == "embeddings of text-embedding-3-small: the text is refused"


async def test_a_refused_batch_is_a_permanent_error_of_one_request() -> None:
    deployment = Deployment(refusing("secret"))

    with pytest.raises(RequestRefused):
        await model_of(deployment).encode(["fine", "secret"])

    assert len(deployment.requests) == 1


async def test_a_deployment_that_refuses_every_text_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match="the deployment refuses every text"):
        await model_of(Deployment(lambda texts: httpx2.Response(400))).encode(["a"])


async def test_a_busy_service_says_when_to_come_back() -> None:
    with pytest.raises(RateLimited) as raised:
        await model_of(Deployment(lambda texts: httpx2.Response(429, headers={"retry-after-ms": "1500"}))).encode(["a"])

    assert raised.value.retry_after_seconds == 1.5


async def test_a_deployment_that_is_not_there_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"^embeddings of text-embedding-3-small: answered 404$"):
        await model_of(Deployment(lambda texts: httpx2.Response(404))).encode(["a"])


def test_its_vectors_belong_to_the_given_space() -> None:
    assert model_of(Deployment()).space is SPACE
