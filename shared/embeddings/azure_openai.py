"""The model behind an Azure OpenAI deployment: one HTTP call a batch.

Written against the "Azure OpenAI in Azure AI Foundry Models REST API reference", data plane inference, 2024-10-21 (the newest dated version
that is generally available; stable/2024-10-21 in Microsoft's API specifications). The openai package is not used: importing it costs more
than the whole app.

Vectors are asked for as base64 of little-endian float32, a quarter of the bytes of decimal text, and kept as arrays of float32: a list of
1,536 Python floats takes eight times as much. A gateway in between may still answer decimal text, and is understood.
"""

import base64
import math
import sys
from array import array
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx2
from typing_extensions import override

from shared.embeddings.embedder import Model, Vector
from shared.errors import ConfigurationError, DependencyUnavailable, RequestRefused
from shared.http.client import ANSWER_SECONDS, answer_of, object_of
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric
from shared.topology import Space

API_VERSION: Final = "2024-10-21"

TOKEN_SCOPE: Final = "https://cognitiveservices.azure.com/.default"  # noqa: S105 - the name of a scope, not a token
"""What a bearer token must be for (the same reference, "Authentication")."""

REQUEST_TEXTS: Final = 2048
REQUEST_TOKENS: Final = 300_000
"""The most inputs and tokens of one request (the same reference, "Create embedding"). One input may have 8,192 tokens; nobody but the
service can count them, so a longer text is sent and refused."""

BYTES_PER_TOKEN: Final = 3
"""A low estimate for prose in any script, so that a request is rather too small. Where it is wrong the service refuses the request."""

HARMLESS_TEXT: Final = "shardline"
"""A deployment that refuses this one, too, refuses every text: that is a wrong deployment, not a wrong text."""


class AzureOpenAiModel(Model):
    """Encodes through one deployment, authorized by a key or by bearer tokens.

    ``endpoint``: the resource's address, such as https://name.openai.azure.com. ``token``: gives a bearer token for TOKEN_SCOPE, fresh for
    each request (a credential remembers its own), and raises our errors. ``price_per_million_tokens``: US dollars.
    """

    def __init__(
        self,
        *,
        client: httpx2.AsyncClient,
        endpoint: str,
        deployment: str,
        space: Space,
        metrics: Metrics,
        price_per_million_tokens: float = 0.0,
        api_key: str | None = None,
        token: Callable[[], Awaitable[str]] | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Raises ConfigurationError: no address, or not exactly one way to be authorized."""
        self._client = client
        self._url = _address(endpoint).copy_with(path=f"/openai/deployments/{quote(deployment, safe='')}/embeddings")
        self._space = space
        self._metrics = metrics
        self._price = price_per_million_tokens
        self._authorization = _authorization(api_key, token)
        self._answer_seconds = answer_seconds
        self._what = f"embeddings of {space.model}"

    @property
    @override
    def space(self) -> Space:
        return self._space

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        vectors: list[Vector] = []
        for batch in _requests([_sendable(text) for text in texts]):
            vectors += await self._encoded(batch)
        return vectors

    async def _encoded(self, texts: Sequence[str]) -> list[Vector]:
        try:
            return await self._answered(texts)
        except RequestRefused:
            if len(texts) > 1:
                raise
        try:
            await self._answered([HARMLESS_TEXT])
        except RequestRefused as error:
            raise ConfigurationError(f"{self._what}: the deployment refuses every text") from error
        raise RequestRefused(f"{self._what}: the text is refused")

    async def _answered(self, texts: Sequence[str]) -> list[Vector]:
        request = self._client.build_request(
            "POST",
            self._url,
            params={"api-version": API_VERSION},
            headers=await self._authorization(),
            json={"input": texts, "dimensions": self._space.dimensions, "encoding_format": "base64"},
        )
        response = await answer_of(self._client, request, what=self._what, answer_seconds=self._answer_seconds)
        answer = object_of(response, what=self._what)
        self._count_tokens(answer)
        return self._vectors_of(answer, len(texts))

    def _count_tokens(self, answer: Mapping[str, Any]) -> None:
        """What was used was paid for, whether or not the vectors can be read."""
        used = answer.get("usage")
        tokens = used.get("total_tokens") if isinstance(used, dict) else None
        if isinstance(tokens, int):
            self._metrics.count(Metric.EMBEDDING_TOKENS, tokens, model=self._space.model)
            self._metrics.count(Metric.EMBEDDING_COST, tokens * self._price / 1_000_000, model=self._space.model)

    def _vectors_of(self, answer: Mapping[str, Any], count: int) -> list[Vector]:
        """One vector an input, in the order of the inputs: an answer's own order is no promise, its indexes are."""
        try:
            by_index = {item["index"]: _vector(item["embedding"]) for item in answer["data"]}
            vectors: list[Vector] = [by_index[index] for index in range(count)]
            is_whole = len(answer["data"]) == count
        except (KeyError, TypeError, ValueError) as error:
            raise DependencyUnavailable(f"{self._what}: the answer is not one readable vector for each text") from error
        if not is_whole:
            raise DependencyUnavailable(f"{self._what}: the answer is not one vector for each text")
        for vector in vectors:
            if len(vector) != self._space.dimensions:
                raise DependencyUnavailable(f"{self._what}: {len(vector)} dimensions answered, {self._space.dimensions} asked for")
            if not 0 < math.hypot(*vector) < math.inf:
                raise DependencyUnavailable(f"{self._what}: a vector without a direction was answered")
        return vectors


def _address(endpoint: str) -> httpx2.URL:
    try:
        address = httpx2.URL(endpoint)
    except httpx2.InvalidURL as error:
        raise ConfigurationError("the endpoint of Azure OpenAI is not an address") from error
    if not address.host or not (address.scheme == "https" or address.host in {"127.0.0.1", "localhost", "::1"}):
        raise ConfigurationError("the endpoint of Azure OpenAI is not an https address")
    return address


def _authorization(api_key: str | None, token: Callable[[], Awaitable[str]] | None) -> Callable[[], Awaitable[dict[str, str]]]:
    if (api_key is None) == (token is None):
        raise ConfigurationError("Azure OpenAI wants either a key or an identity")

    async def by_key() -> dict[str, str]:
        return {"api-key": str(api_key)}

    async def by_token() -> dict[str, str]:
        assert token is not None  # noqa: S101 - checked above
        return {"authorization": f"Bearer {await token()}"}

    if api_key is None:
        return by_token
    # A header's own error would quote it.
    if not (api_key and api_key.isascii() and api_key.isprintable() and " " not in api_key):
        raise ConfigurationError("the key of Azure OpenAI holds characters that no key has")
    return by_key


def _requests(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """As few requests as the limits allow."""
    start = tokens = 0
    for position, text in enumerate(texts):
        more = len(text.encode()) // BYTES_PER_TOKEN + 1
        if position - start == REQUEST_TEXTS or (tokens + more > REQUEST_TOKENS and position > start):
            yield texts[start:position]
            start, tokens = position, 0
        tokens += more
    if start < len(texts):
        yield texts[start:]


def _sendable(text: str) -> str:
    """An empty text is refused, and half a surrogate pair is no text at all: both become something harmless."""
    return text.encode(errors="replace").decode() or " "


def _vector(embedding: object) -> "array[float]":
    """Raises TypeError, ValueError: it is neither base64 of float32 nor numbers."""
    if not isinstance(embedding, str):
        return array("f", embedding)  # type: ignore[call-overload, no-any-return]  # anything but numbers is the TypeError we want
    vector = array("f", base64.b64decode(embedding, validate=True))
    if sys.byteorder == "big":
        vector.byteswap()
    return vector
