"""`$cbs`: a client shows its token for one entity before it may open links to it. OASIS AMQP claims-based security.

A token is a shared access signature or, where identities are let in instead, a JSON Web Token for all of Service Bus. As in Azure, an
entity that does not exist is refused here already, with 404.
"""

import logging

from devtools.emulators.identities import Identities, PrincipalUnknown, TokenInvalid
from devtools.emulators.servicebus.broker import Broker, entity_path, root_queue
from devtools.emulators.servicebus.refusals import RefusedError, not_implemented, unauthorized
from devtools.emulators.servicebus.requests import Request, parse_request, response
from devtools.emulators.servicebus.shared_access import SCHEME, Token, check_token
from devtools.emulators.servicebus.values import Int

log = logging.getLogger(__name__)

SUBSCRIPTIONS = "/subscriptions/"
JSON_WEB_TOKEN = "jwt"  # noqa: S105 - a kind
AUDIENCES = ("https://servicebus.azure.net",)
MAX_TOKENS = 1_000
"""Azure refuses more: "The maximum number of '1000' tokens per connection has been reached." (seen in clients' logs)."""


class Grants:
    """The queues a connection has shown a token for, each with the moment that token ends.

    Lacks: a link that is open outlives its token, where Azure detaches it.
    """

    def __init__(self) -> None:
        self._until_ms: dict[str, int] = {}

    def add(self, queue: str, until_ms: int) -> None:
        if len(self._until_ms) >= MAX_TOKENS and queue not in self._until_ms:
            raise RefusedError(
                "amqp:resource-limit-exceeded", 403, f"The maximum number of '{MAX_TOKENS}' tokens per connection has been reached."
            )
        self._until_ms[queue] = until_ms

    def check(self, queue: str, address: str, *, now_ms: int) -> None:
        """Raise RefusedError unless a token for the queue was shown that is not over."""
        if queue not in self._until_ms:
            raise unauthorized(f"No token was shown for '{address}' on this connection.")
        if self._until_ms[queue] <= now_ms:
            raise unauthorized(f"The token that was shown for '{address}' has expired.")


def answer_claim(raw: bytes, *, broker: Broker, grants: Grants) -> bytes:
    """The response to a put-token request; what it opened is added to `grants`."""
    request = parse_request(raw)
    path = claimed_path(request)
    try:
        _put_token(request, path, broker, grants)
    except RefusedError as refusal:
        log.warning("claim refused", extra={"address": path, **refusal.facts})
        return _answer(request, refusal.status, refusal.text)
    return _answer(request, 202, "Accepted")


def refuse_claim(request: Request, refusal: RefusedError) -> bytes:
    """The response to a put-token request that a fault plan refuses."""
    return _answer(request, refusal.status, refusal.text)


def claimed_path(request: Request) -> str:
    """The entity path a token is shown for."""
    return entity_path(str(request.properties.get("name")))


def _put_token(request: Request, path: str, broker: Broker, grants: Grants) -> None:
    if request.operation != "put-token":
        raise not_implemented(f"The operation '{request.operation}' at $cbs")
    if not isinstance(request.body, str):
        raise unauthorized("The token is not text.")
    kind = str(request.properties.get("type"))
    if broker.identities is None:
        token = check_token(request.body, now_ms=broker.now_ms())
    else:
        token = _checked(request.body, kind, broker.identities)
    if not covers(entity_path(token.audience), path):
        raise unauthorized(f"The token is for '{token.audience}', not for '{path}'.")
    if SUBSCRIPTIONS in path:
        return  # its link is refused instead: the client would hide the reason that is given here
    broker.queue(path)
    grants.add(root_queue(path), token.until_ms)


def _checked(shown: str, kind: str, identities: Identities) -> Token:
    """What a token of Entra opens: all queues. Raises RefusedError (401)."""
    if kind != JSON_WEB_TOKEN or shown.startswith(SCHEME):  # the clients call the signature they made of a key a JSON Web Token
        raise unauthorized("Local authentication is disabled: only tokens of Entra are accepted by this local Service Bus.")
    try:
        return Token("", identities.entry(shown, audiences=AUDIENCES).until * 1000)
    except (TokenInvalid, PrincipalUnknown) as refusal:
        raise unauthorized(str(refusal)) from None


def covers(audience: str, path: str) -> bool:
    """Whether a token signed for one entity path is good for another: for itself and what is below, and the namespace's for all."""
    return not audience or path == audience or path.startswith(f"{audience}/")


def _answer(request: Request, status: int, description: str) -> bytes:
    return response(request, {"status-code": Int(status), "status-description": description}, None)
