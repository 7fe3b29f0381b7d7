"""What a message says of where it came from, and whether it goes on with the trace it was made in or begins one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.message import Message, timestamp
from shared.contracts.shard_emitted import ShardEmitted
from shared.contracts.sync import SyncRequested
from shared.telemetry.origin import Origin, source_of

SOURCE: Final = "source"
OBSERVED_AT: Final = "observedAt"


def origin_of(message: Message) -> Origin | None:
    """What the message itself says; None when it does not."""
    match message:
        case IngestionEvent():
            return Origin(message.source, message.observed_at)
        case IngestionBatch() | SyncRequested():
            return Origin(source_of(message.connection_id))
        case _:
            return None


def delivered_origin(properties: Mapping[str, str | int]) -> Origin:
    """What the properties of a message say."""
    try:
        observed_at = datetime.fromisoformat(str(properties[OBSERVED_AT]))
    except (KeyError, ValueError):
        observed_at = None
    if observed_at is not None and observed_at.tzinfo is None:
        observed_at = None
    return Origin(str(properties.get(SOURCE, "")), observed_at)


def properties_of(message: Message, made_in: Origin) -> dict[str, str]:
    """The properties that say so. ``made_in``: what was being handled where the message was made."""
    origin = origin_of(message) or (replace(made_in, observed_at=None) if is_second_look(message) else made_in)
    said = {SOURCE: origin.source, OBSERVED_AT: timestamp(origin.observed_at) if origin.observed_at is not None else ""}
    return {name: value for name, value in said.items() if value}


def begins_anew(message: Message) -> bool:
    """Whether the message begins a trace of its own, linked to the one it was made in: what may come much later, or by the thousand."""
    return is_second_look(message) or (isinstance(message, SyncRequested) and message.record is None)


def is_second_look(message: Message) -> bool:
    """Whether a shard is to be looked at anew because of another one, and not because its own record was observed."""
    return isinstance(message, ShardEmitted) and message.cause.startswith("relink:")
