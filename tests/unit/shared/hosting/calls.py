"""Calls of our API as the Functions host hands them over, and the ports that answer them."""

import logging
from typing import Any, Final, cast

import azure.functions as func
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.metrics import InMemoryMetrics
from devtools.host.context import Context, TraceContext
from shared.access.keys import Keys
from shared.access.tokens import TokenCheck
from shared.contracts.message import Wire
from shared.errors import DependencyUnavailable

NOON: Final = 1_795_262_400  # where the fake clock stands: 2026-11-21T12:00Z
KEY: Final = generate_private_key(SECP256R1())
JWK: Final = PyJWK({**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "key-1", "alg": "ES256"})
QUESTION: Final = "what-is-asked-is-nobodys-business"


def token(**claims: Any) -> str:
    """A good token of somebody of acme; claims replace what is in it."""
    said = {"iss": "https://issuer.example", "aud": "api://shardline", "exp": NOON + 60, "tid": "acme", **claims}
    return jwt.encode(said, KEY, "ES256", headers={"kid": "key-1"})


class PublishedKeys(Keys):
    """One key; ``is_away``: the issuer does not answer."""

    is_away = False

    @override
    async def key(self, kid: str) -> PyJWK | None:
        if self.is_away:
            raise DependencyUnavailable("the issuer's keys: no answer")
        return JWK if kid == "key-1" else None


class Ports:
    """What answering needs."""

    def __init__(self) -> None:
        self.keys = PublishedKeys()
        self.metrics = InMemoryMetrics()
        self.tokens = TokenCheck(issuer="https://issuer.example", audience="api://shardline", keys=self.keys, now=Clock())


class Greeting(Wire):
    """An answer."""

    said_to: str
    in_words: str = "Grüße, 世界"


def a_context() -> func.Context:
    """What the host says of one invocation."""
    trace = TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "")
    return cast("func.Context", Context("00000000-0000-0000-0000-000000000001", "search", ".", trace))


def a_call(authorization: str | None = None, *, header: str = "Authorization") -> func.HttpRequest:
    """A question, with the header where one is given."""
    headers = {} if authorization is None else {header: authorization}
    return func.HttpRequest(
        method="GET",
        url=f"https://app.example/api/v1/search?q={QUESTION}",
        headers={"Host": "app.example", **headers},
        params={"q": QUESTION},
        body=b"",
    )


class Said(logging.Handler):
    """Keeps every record of every logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def ours(self) -> list[logging.LogRecord]:
        """What our own code said."""
        return [record for record in self.records if record.name.startswith("shared")]

    def everything(self) -> str:
        """All of it as one text."""
        return "\n".join(f"{logging.Formatter().format(record)} {record.__dict__}" for record in self.records)
