"""`$cbs`: a client shows its token for one entity before it may open links to it. OASIS AMQP claims-based security.

As in Azure, an entity that does not exist is refused here already, with 404.
"""

from collections.abc import Callable

from devtools.emulators.servicebus.broker import Broker, entity_path, root_queue
from devtools.emulators.servicebus.refusals import RefusedError, not_implemented, unauthorized
from devtools.emulators.servicebus.requests import Request, parse_request, response
from devtools.emulators.servicebus.shared_access import check_token
from devtools.emulators.servicebus.values import Int


def answer_claim(raw: bytes, *, broker: Broker, grant: Callable[[str], None]) -> bytes:
    """The response to a put-token request; `grant` is told the queue it opened."""
    request = parse_request(raw)
    try:
        grant(_put_token(request, broker))
    except RefusedError as refusal:
        return _answer(request, refusal.status, refusal.text)
    return _answer(request, 202, "Accepted")


def _put_token(request: Request, broker: Broker) -> str:
    if request.operation != "put-token":
        raise not_implemented(f"The operation '{request.operation}' at $cbs")
    if not isinstance(request.body, str):
        raise unauthorized("The token is not text.")
    check_token(request.body, now_ms=broker.now_ms())
    path = entity_path(str(request.properties.get("name")))
    broker.queue(path)
    return root_queue(path)


def _answer(request: Request, status: int, description: str) -> bytes:
    return response(request, {"status-code": Int(status), "status-description": description}, None)
