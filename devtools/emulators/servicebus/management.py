"""`<queue>/$management`: the operations a client asks for by message. Azure documentation, "AMQP request-response operations".

Lacks: deferred messages, sessions, rules, message deletion by batch; each is answered with 501 and amqp:not-implemented.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from devtools.emulators.servicebus.message import parse
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.refusals import RefusedError, bad_argument, message_too_large, not_implemented
from devtools.emulators.servicebus.requests import Request, parse_request, response
from devtools.emulators.servicebus.settlement import settle_by_word
from devtools.emulators.servicebus.values import Array, Int, Long, Symbol, Timestamp

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 262_144
"""256 KB: the Standard tier (Azure documentation, "Service Bus quotas")."""

Answer = tuple[int, dict[str, Any] | None]
Operations = Counter[str]


def answer_request(raw: bytes, *, queue: Queue, operations: Operations) -> bytes:
    """The response to one management request; refusals are responses too."""
    request = parse_request(raw)
    name = request.operation.removeprefix("com.microsoft:")
    try:
        status, body = _OPERATIONS.get(name, _unknown)(queue, request, operations)
    except RefusedError as refusal:
        log.log(refusal.log_level, "operation refused", extra={"queue": queue.name, "operation": name, **refusal.facts})
        return refuse_request(request, refusal)
    queue.dispatch()
    return response(request, {"statusCode": Int(status), "statusDescription": "OK"}, body)


def refuse_request(request: Request, refusal: RefusedError) -> bytes:
    """The response that says no."""
    properties = {"statusCode": Int(refusal.status), "statusDescription": refusal.text, "errorCondition": Symbol(refusal.condition)}
    return response(request, properties, None)


def _renew(queue: Queue, request: Request, operations: Operations) -> Answer:
    tokens = _tokens(request)
    for token in tokens:
        queue.check(token)
    operations["renew-lock"] += len(tokens)
    return 200, {"expirations": Array(Timestamp(queue.renew(token)) for token in tokens)}


def _update_disposition(queue: Queue, request: Request, operations: Operations) -> Answer:
    body, tokens = _body(request), _tokens(request)
    for token in tokens:
        queue.check(token)
    for token in tokens:
        operations[settle_by_word(queue, token, body.get("disposition-status"), body)] += 1
    return 200, None


def _schedule(queue: Queue, request: Request, operations: Operations) -> Answer:
    messages = []
    for item in _body(request).get("messages") or []:
        raw = item.get("message") if isinstance(item, Mapping) else None
        if not isinstance(raw, bytes):
            raise bad_argument("Each of 'messages' must hold a binary 'message'.")
        if len(raw) > MAX_MESSAGE_BYTES:
            raise message_too_large(len(raw), MAX_MESSAGE_BYTES)
        messages.append((parse(raw), raw))
    operations["schedule"] += len(messages)
    return 200, {"sequence-numbers": Array(Long(queue.schedule(message, raw)) for message, raw in messages)}


def _cancel(queue: Queue, request: Request, operations: Operations) -> Answer:
    numbers = _body(request).get("sequence-numbers")
    if not isinstance(numbers, list) or not all(isinstance(number, int) for number in numbers):
        raise bad_argument("'sequence-numbers' must be an array of long.")
    queue.cancel(numbers)
    operations["cancel"] += len(numbers)
    return 200, None


def _peek(queue: Queue, request: Request, operations: Operations) -> Answer:
    body = _body(request)
    first, count = body.get("from-sequence-number"), body.get("message-count")
    if not isinstance(first, int) or not isinstance(count, int):
        raise bad_argument("'from-sequence-number' and 'message-count' must be numbers.")
    operations["peek"] += 1
    found: list[dict[str, bytes]] = []
    total_bytes = 0
    for entry in queue.peek(first, count):
        wire = entry.wire(lock=None)
        total_bytes += len(wire)
        if found and total_bytes > MAX_MESSAGE_BYTES:  # the response is a message, too
            break
        found.append({"message": wire})
    return (200, {"messages": found}) if found else (204, None)


def _unknown(queue: Queue, request: Request, operations: Operations) -> Answer:
    raise not_implemented(f"The operation '{request.operation}'")


def _body(request: Request) -> dict[str, Any]:
    if not isinstance(request.body, dict):
        raise bad_argument("The body must be a map.")
    return request.body


def _tokens(request: Request) -> list[uuid.UUID]:
    tokens = _body(request).get("lock-tokens")
    if not isinstance(tokens, list) or not all(isinstance(token, uuid.UUID) for token in tokens):
        raise bad_argument("'lock-tokens' must be an array of uuid.")
    return tokens


_OPERATIONS: Mapping[str, Callable[[Queue, Request, Operations], Answer]] = {
    "renew-lock": _renew,
    "update-disposition": _update_disposition,
    "schedule-message": _schedule,
    "cancel-scheduled-message": _cancel,
    "peek-message": _peek,
}
