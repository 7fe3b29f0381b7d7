"""What a fault of the plan makes of an answer."""

import asyncio
import json
from typing import Any

from aiohttp import web

from devtools.faults.connections import end_connection, say_nothing
from devtools.faults.plan import Fault, Kind
from devtools.vendors.slack.api import refusals
from devtools.vendors.slack.api.asking import Answer
from devtools.vendors.slack.api.refusals import Refused
from devtools.vendors.slack.faults import error_of


def refused_by(fault: Fault) -> Refused:
    """A planned refusal as the vendor would say it."""
    status = fault.status or 500
    error = error_of(fault.variant) if fault.variant is not None else refusals.BY_STATUS.get(status, "fatal_error")
    later = {} if fault.retry_after_seconds is None else {"Retry-After": f"{fault.retry_after_seconds:g}"}
    return Refused(error, status if status == 429 or status >= 500 else 200, headers=later)


def page() -> web.Response:
    return web.Response(text=refusals.PAGE, content_type="text/html", status=200)


async def spoilt(request: web.Request, fault: Fault, answer: Answer, body: dict[str, Any]) -> web.Response:
    """The response after the fault, where there is one.

    Raises:
        Refused: it is to be refused.
    """
    match fault.kind:
        case Kind.DROP:
            await end_connection(request)
        case Kind.TIMEOUT:
            await say_nothing()
        case Kind.DELAY:
            await asyncio.sleep(fault.seconds or 0.0)
        case Kind.REFUSE if fault.variant == "error-page":
            return web.Response(text=refusals.PAGE, content_type="text/html", status=fault.status or 500)
        case Kind.REFUSE:
            raise refused_by(fault)
        case Kind.MALFORMED if fault.variant == "cut-off":
            text = json.dumps(body)
            return web.Response(text=text[: max(len(text) // 2, 1)], content_type="application/json")
        case Kind.MALFORMED if fault.variant == "no-object":
            return web.json_response([body["ok"]])
        case Kind.MALFORMED if fault.variant == "no-rows":
            return web.json_response({name: value for name, value in body.items() if name != answer.listed})
        case Kind.MALFORMED:
            return page()
    return web.json_response(body)
