"""What is to be answered, and what a fault of the plan makes of it."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from devtools.faults.connections import end_connection, say_nothing
from devtools.faults.plan import Fault, Kind
from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.faults import API, CHANGES, PLACES, TOKEN, reason_of


@dataclass
class Answer:
    """``body``: JSON, or bytes, which are of ``content_type`` then. ``rows``: how many things it tells of."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    rows: int = 0


_KINDS: Final = {place: frozenset(kind for kind, places in PLACES.items() if place in places) for place in API}


def possible(place: str) -> Collection[Kind]:
    """What can be done to an answer there."""
    return _KINDS[place]


def response_of(answer: Answer) -> web.Response:
    if isinstance(answer.body, bytes):
        return web.Response(body=answer.body, content_type=answer.content_type, status=answer.status, headers=answer.headers)
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


async def spoilt(request: web.Request, place: str, fault: Fault, answer: Answer) -> web.Response:
    """The response after the fault, where there is one."""
    match fault.kind:
        case Kind.DROP:
            await end_connection(request)
        case Kind.TIMEOUT:
            await say_nothing()
        case Kind.DELAY:
            await asyncio.sleep(fault.seconds or 0.0)
        case Kind.REFUSE:
            return _refusal(place, fault)
        case Kind.MALFORMED if fault.variant == "cut-off":
            text = json.dumps(answer.body, default=str)
            return web.Response(text=text[: max(len(text) // 2, 1)], content_type="application/json", status=answer.status)
        case Kind.MALFORMED if fault.variant == "no-token" and place == CHANGES:
            kept = {key: value for key, value in answer.body.items() if key not in {"nextPageToken", "newStartPageToken"}}
            return web.json_response(kept)
        case Kind.MALFORMED:
            return web.Response(text=refusals.PAGE, content_type="text/html")
    return response_of(answer)


def _refusal(place: str, fault: Fault) -> web.Response:
    status = fault.status or 500
    later = {} if fault.retry_after_seconds is None else {"Retry-After": f"{fault.retry_after_seconds:g}"}
    if fault.variant == "error-page":
        return web.Response(text=refusals.PAGE, content_type="text/html", status=status, headers=later)
    if place == TOKEN:
        error = (fault.variant or ("internal_failure" if status >= 500 else "invalid_grant")).replace("-", "_")
        return web.json_response({"error": error, "error_description": "Refused as planned."}, status=status, headers=later)
    named = reason_of(fault.variant or "")
    reason = named if named in refusals.REASONS else refusals.BY_STATUS.get(status, "backendError")
    return web.json_response(refusals.of_reason(reason, status).body, status=status, headers=later)
