"""What tests of a connected workspace do again and again."""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from devtools.fakes.polled_slack import APP
from devtools.fakes.pushed_slack import PushedSlack
from devtools.vendors.slack.signing import signed_headers
from shared import topology
from shared.access.attendance import Attendance

WINDOW_SECONDS: Final = 40.0
"""So long after an event everything that waits for the end of its window is done."""
_NUMBERS: Final = count(1)


async def tell(world: PushedSlack, event: Mapping[str, Any], *, event_id: str | None = None, **headers: str) -> int:
    """Slack calls with an event of this form, whatever happened. Returns how it was answered."""
    now = int(world.clock().timestamp())
    team = None if world.installation.is_org_wide else world.team_id
    said = {
        "type": "event_callback",
        "api_app_id": APP,
        "team_id": world.team_id,
        "event": event,
        "event_id": event_id or f"Ev{next(_NUMBERS)}",
        "event_time": now,
        "authorizations": [world.app.authorization(world.installation, team)],
    }
    body = json.dumps(said).encode()
    status, *_ = await world.receive(body, signed_headers(world.app.signing_secret, now, body) | headers)
    await world.run(seconds=0)
    return status


async def members(world: PushedSlack, channel_id: str) -> set[str]:
    """Who is stored as being in a channel."""
    return set(Attendance.of((await world.said(channel_id)).get("members")).members)


def stamp(world: PushedSlack) -> str:
    """An ``event_ts`` of now."""
    return world.slack.stamps.ts()


def told(world: PushedSlack) -> int:
    """How many single records were put on the live queue so far."""
    return sum(envelope.queue == topology.INGESTION_EVENTS for envelope in world.pipeline.transport.sent)


async def all_is_well(world: PushedSlack) -> bool:
    """Whether a comparison of everything finds nothing, an hour on, and no gap is open."""
    world.clock.advance(seconds=3600)
    return await world.compare_all() == {} and await world.gaps() == set()
