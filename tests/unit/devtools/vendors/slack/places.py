"""A workspace with three people in it and an app, and what was told of it."""

from typing import Any

from devtools.vendors.slack.pretend import PretendSlack
from tests.integration.slack_api.worlds import Clock, Place, place

__all__ = ["Clock", "Place", "place", "told", "types"]


def types(world: PretendSlack) -> list[str]:
    """What was told since this was last asked: types, of messages with their subtypes."""
    found = [f"message.{one.event.get('subtype', '')}" if one.type == "message" else one.type for one in world.emitted]
    world.emitted.clear()
    return found


def told(world: PretendSlack) -> list[dict[str, Any]]:
    """The inner events since this was last asked."""
    found = [one.event for one in world.emitted]
    world.emitted.clear()
    return found
