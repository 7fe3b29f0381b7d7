"""A pretend Azure OpenAI resource on loopback: its embeddings operation, for tests and for a machine without Azure.

What it has: deployments with their models, keys and bearer tokens, the dated api-versions, float and base64 answers, fewer dimensions,
the limits of one request, errors shaped as the service's, a ledger and faults. The official openai package is content with it.

What it lacks: meaning (``vectors.py``), a tokenizer (tokens are counted as four bytes each), inputs given as tokens, the ``/openai/v1``
addresses, quotas of its own (only the plan says 429), content filters, and every other operation.
"""

import json
from collections.abc import Collection, Mapping
from random import Random
from typing import Any, Final, Self

from aiohttp import web

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.azure_openai import refusals
from devtools.vendors.azure_openai.faults import (
    ABILITIES,
    AT,
    OPERATION,
    answer_late,
    instead_of_answer,
    is_malformed,
    possible,
    reordered,
)
from devtools.vendors.azure_openai.ledger import Asked, Ledger
from devtools.vendors.azure_openai.refusals import Refusal
from devtools.vendors.azure_openai.vectors import as_base64, tokens_of, vector_of

MODELS: Final = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
"""Model → its dimensions."""


class PretendAzureOpenAi:
    """One resource. ``deployments``: name → model. An async context manager: inside, ``endpoint`` is its address."""

    def __init__(
        self, *, deployments: Mapping[str, str], keys: Collection[str] = (), tokens: Collection[str] = (), faults: Injector | None = None
    ) -> None:
        self.ledger = Ledger()
        self.faults = faults or Injector(AT, ABILITIES)
        self._deployments = {name: (model, MODELS[model]) for name, model in deployments.items()}
        self._keys = frozenset(keys)
        self._tokens = frozenset(tokens)
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_post("/openai/deployments/{deployment}/embeddings", self._embeddings)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        self._port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; 0 takes a free port.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _embeddings(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.match_info["deployment"], request.query.get("api-version", ""), self._authorization(request))
        self.ledger.asked.append(asked)
        try:
            body = self._checked(asked, await request.text())
            answer = await self._answered(request, asked, body["model"])
        except Refusal as refusal:
            answer = web.json_response(refusal.body, status=refusal.status)
        asked.status = answer.status
        return answer

    async def _answered(self, request: web.Request, asked: Asked, model: str) -> web.StreamResponse:
        asked.fault = self.faults.strike(OPERATION, asked.deployment, kinds=possible(asked.texts))
        wrong = await instead_of_answer(request, asked.fault) if asked.fault else None
        answer = wrong or web.json_response(_answer(asked, model, self.faults.rng), headers=_headers(asked))
        return await answer_late(request, asked.fault, answer) if asked.fault and asked.fault.kind is Kind.DELAY else answer

    def _authorization(self, request: web.Request) -> Any:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if request.headers.get("api-key") in self._keys:
            return "key"
        return "token" if scheme == "Bearer" and token in self._tokens else "nothing"

    def _checked(self, asked: Asked, text: str) -> dict[str, Any]:
        """Fill in what was asked for; the model and what to do."""
        if asked.authorized_by == "nothing":
            raise refusals.unauthorized()
        if asked.api_version not in refusals.API_VERSIONS:
            raise refusals.no_such_version()
        if asked.deployment not in self._deployments:
            raise refusals.no_such_deployment()
        model, most_dimensions = self._deployments[asked.deployment]
        try:
            body = json.loads(text)
        except ValueError as error:
            raise refusals.invalid("We could not parse the JSON body of your request.") from error
        if not isinstance(body, dict):
            raise refusals.invalid("The JSON value could not be converted.")
        asked.texts = refusals.check_input(body.get("input"))
        asked.dimensions = refusals.check_dimensions(body.get("dimensions"), most_dimensions)
        asked.encoding_format = refusals.check_encoding(body.get("encoding_format"))
        return {**body, "model": model}


def _answer(asked: Asked, model: str, rng: Random) -> dict[str, Any]:
    dimensions = (asked.dimensions or 0) + is_malformed(asked.fault, "wrong-dimensions")
    vectors = [vector_of(text, dimensions=dimensions) for text in asked.texts]
    data = [
        {"object": "embedding", "index": index, "embedding": as_base64(vector) if asked.encoding_format == "base64" else vector.tolist()}
        for index, vector in enumerate(vectors)
    ]
    if is_malformed(asked.fault, "one-too-few"):
        data.pop()
    if asked.fault is not None and asked.fault.kind is Kind.REORDER:
        data = reordered(data, rng)
    tokens = sum(tokens_of(text) for text in asked.texts)
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def _headers(asked: Asked) -> dict[str, str]:
    return {"apim-request-id": f"{id(asked):032x}", "x-ms-region": "Loopback", "x-ratelimit-remaining-requests": "719"}
