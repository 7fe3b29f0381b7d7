"""What the local issuer can do wrong. The operations are ``keys`` (the key set) and ``configuration``; neither has a target.

``clock-moved`` is struck by one of these calls, and shows in the tokens that are made afterwards, by anybody who reads the issuer's folder.
Cannot be planned: a token that is wrong in another way, for whoever makes tokens can leave out and replace what they like (``tokens.py``).
"""

import asyncio
from typing import Final

from aiohttp import web

from devtools.faults.connections import end_connection, say_nothing
from devtools.faults.injector import Abilities
from devtools.faults.places import Places
from devtools.faults.plan import Fault, Kind

AT: Final = "issuer"
KEYS: Final = "keys"
CONFIGURATION: Final = "configuration"

ABILITIES: Final[Abilities] = {
    Kind.REFUSE: (),
    Kind.TIMEOUT: (),
    Kind.DROP: (),
    Kind.DELAY: (),
    Kind.MALFORMED: ("not-json", "no-keys"),
    Kind.CLOCK_MOVED: (),
}
"""``malformed`` alone is not JSON. It is for ``keys``."""
PLACES: Final[Places] = {**dict.fromkeys(ABILITIES, (KEYS, CONFIGURATION)), Kind.MALFORMED: (KEYS,)}

POSSIBLE: Final = {
    operation: {kind for kind in ABILITIES if operation in PLACES[kind] and kind is not Kind.CLOCK_MOVED}
    for operation in (KEYS, CONFIGURATION)
}
"""What each operation's answer can be instead."""


async def instead_of_answer(request: web.Request, fault: Fault) -> web.Response | None:
    """What is answered in place of a document; a delayed one is the right one."""
    match fault.kind:
        case Kind.DROP:
            await end_connection(request)
        case Kind.TIMEOUT:
            await say_nothing()
        case Kind.DELAY:
            await asyncio.sleep(fault.seconds or 0.0)
        case Kind.REFUSE:
            later = {} if fault.retry_after_seconds is None else {"Retry-After": f"{fault.retry_after_seconds:g}"}
            return web.json_response({"error": "temporarily_unavailable"}, status=fault.status or 503, headers=later)
        case Kind.MALFORMED if fault.variant == "no-keys":
            return web.json_response({"keys": []})
        case Kind.MALFORMED:
            return web.Response(text="<html><body>Sign in to continue.</body></html>", content_type="text/html")
    return None
