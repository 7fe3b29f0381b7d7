"""What a fault of the plan makes of an answer of the REST API."""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from aiohttp import web

from devtools.faults.connections import end_connection, say_nothing
from devtools.faults.plan import Fault, Kind
from devtools.vendors.salesforce.api.refusals import BY_STATUS, PAGE, PLANNED
from devtools.vendors.salesforce.faults import API, PLACES, TOKEN


@dataclass
class Answer:
    """What is to be answered. ``items`` is the list within ``body`` that ``ties`` speak of: positions that have no order among them."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)
    ties: Sequence[Sequence[int]] = ()


_KINDS: Final = {place: {kind for kind, places in PLACES.items() if place in places} for place in API}


def possible(place: str, answer: Answer | None) -> Collection[Kind]:
    """What can be done to it: without two that could change places there is no other order."""
    kinds = _KINDS[place]
    return kinds if answer is not None and any(len(tie) > 1 for tie in answer.ties) else kinds - {Kind.REORDER}


def response_of(answer: Answer) -> web.Response:
    if isinstance(answer.body, str):
        return web.Response(text=answer.body, content_type="text/html", status=answer.status, headers=answer.headers)
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


async def spoilt(request: web.Request, place: str, fault: Fault, answer: Answer, rng: Random) -> web.Response:
    """The response after the fault, where there is one."""
    match fault.kind:
        case Kind.DROP:
            await end_connection(request)
        case Kind.TIMEOUT:
            await say_nothing()
        case Kind.DELAY:
            await asyncio.sleep(fault.seconds or 0.0)
        case Kind.REORDER:
            _reorder(answer, rng)
        case Kind.REFUSE:
            return _refusal(place, fault)
        case Kind.MALFORMED if fault.variant == "cut-off":
            text = json.dumps(answer.body)
            return web.Response(text=text[: max(len(text) // 2, 1)], content_type="application/json", status=answer.status)
        case Kind.MALFORMED:
            return web.Response(text=PAGE, content_type="text/html")
    return response_of(answer)


def _refusal(place: str, fault: Fault) -> web.Response:
    status = fault.status or 500
    later = {} if fault.retry_after_seconds is None else {"Retry-After": f"{fault.retry_after_seconds:g}"}
    if fault.variant == "maintenance-page":
        return web.Response(text=PAGE, content_type="text/html", status=status, headers=later)
    if place == TOKEN and fault.variant is None:
        body: Any = {"error": "unknown_error", "error_description": "retry your request"}
        return web.json_response(body, status=status, headers=later)
    code, message = PLANNED.get(fault.variant or BY_STATUS.get(status, ""), ("UNKNOWN_EXCEPTION", "An unexpected error occurred."))
    return web.json_response([{"message": message, "errorCode": code}], status=status, headers=later)


def _reorder(answer: Answer, rng: Random) -> None:
    """Every tie of two or more in another order for certain."""
    for tie in answer.ties:
        if len(tie) < 2:
            continue
        shuffled = rng.sample(tie, len(tie))
        if shuffled == list(tie):
            shuffled = [*shuffled[1:], shuffled[0]]
        moved = [answer.items[position] for position in shuffled]
        for position, item in zip(tie, moved, strict=True):
            answer.items[position] = item
