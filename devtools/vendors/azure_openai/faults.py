"""What the pretend Azure OpenAI can do wrong: wrong answers, late ones and none.

The operation is ``embeddings``, the target the deployment. A fault is asked for once a request is known to be a good one: a bad one is
refused as ever. Cannot be planned: ``duplicate``, since nothing is stored that could be there twice, and for the same reason ``applied``
changes nothing.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any, Final

from aiohttp import web

from devtools.faults.connections import end_connection, say_nothing
from devtools.faults.injector import Abilities
from devtools.faults.places import Places
from devtools.faults.plan import Fault, Kind

AT: Final = "azure-openai"
OPERATION: Final = "embeddings"

ABILITIES: Final[Abilities] = {
    Kind.REFUSE: ("milliseconds", "date", "html"),
    Kind.TIMEOUT: (),
    Kind.DROP: (),
    Kind.DELAY: ("trickle",),
    Kind.REORDER: (),
    Kind.MALFORMED: ("maintenance-page", "one-too-few", "wrong-dimensions"),
}
"""A refusal says ``retry-after`` in seconds, or with a variant in milliseconds, too, or by a date; or it is the gateway's, in HTML.
``trickle`` sends a byte a moment until the answer is due. ``malformed`` alone is the maintenance page."""
PLACES: Final[Places] = dict.fromkeys(ABILITIES, (OPERATION,))

RETRY_AFTER_SECONDS: Final = 7.0
"""What a 429 says when its plan does not."""
PAGE: Final = "<html><head><title>Service unavailable</title></head><body>We will be back soon.</body></html>"

_TOO_MANY: Final = 429
_PAGES: Final = (None, "maintenance-page")


def possible(texts: Sequence[str]) -> Collection[Kind]:
    """What can be done to the answer for these: one item has no order."""
    return ABILITIES.keys() if len(texts) > 1 else ABILITIES.keys() - {Kind.REORDER}


def is_malformed(fault: Fault | None, variant: str) -> bool:
    """Whether the items of an answer are to be wrong in this way."""
    return fault is not None and fault.kind is Kind.MALFORMED and fault.variant == variant


def reordered(items: list[Any], rng: Random) -> list[Any]:
    """Two items or more, in an order that is another one for certain."""
    shuffled = rng.sample(items, len(items))
    return shuffled if shuffled != items else shuffled[1:] + shuffled[:1]


async def instead_of_answer(request: web.Request, fault: Fault) -> web.Response | None:
    """What is answered in place of vectors, where the fault is of that sort."""
    match fault.kind:
        case Kind.DROP:
            await end_connection(request)
        case Kind.TIMEOUT:
            await say_nothing()
        case Kind.REFUSE:
            return _refusal(fault)
        case Kind.MALFORMED if fault.variant in _PAGES:
            return web.Response(text=PAGE, content_type="text/html")
    return None


async def answer_late(request: web.Request, fault: Fault, answer: web.Response) -> web.StreamResponse:
    """The answer after the delay; one that trickles begins at once, with blanks, which JSON allows."""
    if fault.variant != "trickle":
        await asyncio.sleep(fault.seconds or 0.0)
        return answer
    clock = asyncio.get_running_loop().time
    due = clock() + (fault.seconds or 0.0)
    response = web.StreamResponse(headers={"content-type": "application/json"})
    await response.prepare(request)
    while clock() < due:
        await response.write(b" ")
        await asyncio.sleep(0.02)
    await response.write(bytes(answer.body) if isinstance(answer.body, bytes) else b"")
    await response.write_eof()
    return response


def _refusal(fault: Fault) -> web.Response:
    status = fault.status or 500
    if fault.variant == "html":
        return web.Response(text=PAGE, content_type="text/html", status=status)
    headers = _when(fault) if fault.retry_after_seconds is not None or status == _TOO_MANY else {}
    return web.json_response({"error": _words(status, fault)}, status=status, headers=headers)


def _words(status: int, fault: Fault) -> dict[str, str]:
    if status == _TOO_MANY:
        text = f"Requests to the Embeddings_Create Operation have exceeded the call rate limit. Retry after {_seconds(fault):g} seconds."
        return {"code": "429", "message": text}
    return {"code": "InternalServerError" if status == 500 else str(status), "message": "Try again later."}


def _when(fault: Fault) -> Mapping[str, str]:
    seconds = _seconds(fault)
    if fault.variant == "date":
        now = datetime.now(UTC)
        return {"date": format_datetime(now, usegmt=True), "retry-after": format_datetime(now + timedelta(seconds=seconds), usegmt=True)}
    whole = {"retry-after": str(round(seconds))}
    return {**whole, "retry-after-ms": str(round(seconds * 1000))} if fault.variant == "milliseconds" else whole


def _seconds(fault: Fault) -> float:
    return RETRY_AFTER_SECONDS if fault.retry_after_seconds is None else fault.retry_after_seconds
