"""What a hint makes expect of a read: ``joined:U1``, ``left:U1``, or a field of the vendor's and its value, as in ``is_ext_shared:true``.

Slack tells of some changes before its own answers show them.
"""

import json
from collections.abc import Sequence
from typing import Final

from ingestion.sources.slack.sightings import CHANNEL, MEMBERS
from shared.contracts.ingestion import IngestionEvent

JOINED: Final = "joined"
LEFT: Final = "left"


def is_shown(events: Sequence[IngestionEvent], expected: str) -> bool:
    """Whether a channel was read that is as expected. Where nothing was read there is nothing to be waited for; nor is there in a channel
    that somebody left and the app does not see: it may have been the app."""
    channels = [event for event in events if event.record_type == CHANNEL]
    name, _, value = expected.partition(":")
    if not channels or not value:
        return True
    return any(_shows(event, name, value) for event in channels)


def _shows(event: IngestionEvent, name: str, value: str) -> bool:
    said = event.payload or {}
    if event.coverage != "complete" and name not in event.coverage and MEMBERS not in said:
        return name == LEFT
    match name:
        case "joined":
            members = said.get(MEMBERS)
            return isinstance(members, list) and value in members
        case "left":
            members = said.get(MEMBERS)
            return not isinstance(members, list) or value not in members
        case _:
            return json.dumps(said.get(name)) in (value, json.dumps(value))
