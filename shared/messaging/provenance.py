"""What a message says of where it came from, and whether it goes on with the trace it was made in or begins one."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, get_args

from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.message import Message, timestamp
from shared.contracts.shard_emitted import ShardEmitted
from shared.contracts.sync import SyncRequested
from shared.messaging.envelope import REPLAYS
from shared.telemetry.origin import Origin, Pace, source_of

SOURCE: Final = "source"
OBSERVED_AT: Final = "observedAt"
PACE: Final = "pace"
"""Left out of what is live."""

_A_SOURCE: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
"""What else stands there is no source, and each of it would be a row of measurements of its own."""


def origin_of(message: Message) -> Origin | None:
    """What the message itself says; None when it does not."""
    match message:
        case IngestionEvent():
            return Origin(message.source, message.observed_at)
        case IngestionBatch():
            return Origin(source_of(message.connection_id), pace="bulk")
        case SyncRequested():
            # Of one record it is a hint: the change was heard of then, however long the read of it has to wait.
            return Origin(source_of(message.connection_id), None if message.record is None else message.requested_at)
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
    source = str(properties.get(SOURCE, ""))
    return Origin(source if _A_SOURCE.fullmatch(source) else "", observed_at, _pace(properties))


def handled_origin(message: Message, delivered: Origin) -> Origin:
    """Where a message that was read came from. ``delivered``: what its properties say."""
    origin = origin_of(message)
    if origin is None:
        return delivered
    origin = _as_heard_of(origin, delivered)
    return origin if delivered.pace == "live" else replace(origin, pace=delivered.pace)


def properties_of(message: Message, made_in: Origin) -> dict[str, str]:
    """The properties that say so. ``made_in``: what was being handled where the message was made."""
    origin = origin_of(message)
    if origin is not None:
        origin = _as_heard_of(origin, made_in)
    else:
        origin = replace(made_in, observed_at=None) if is_second_look(message) else made_in
    said = {SOURCE: origin.source, OBSERVED_AT: timestamp(origin.observed_at) if origin.observed_at is not None else ""}
    if origin.pace != "live":
        said[PACE] = origin.pace
    return {name: value for name, value in said.items() if value}


def _as_heard_of(origin: Origin, before: Origin) -> Origin:
    """Observed when it was first heard of: a record that a hint had read is observed when it is read, and its change was known before."""
    if origin.observed_at is None or before.observed_at is None:
        return origin
    return replace(origin, observed_at=min(origin.observed_at, before.observed_at))


def _pace(properties: Mapping[str, str | int]) -> Pace:
    if REPLAYS in properties:
        return "replay"
    said = properties.get(PACE)
    return next((pace for pace in get_args(Pace) if pace == said), "live")


def begins_anew(message: Message) -> bool:
    """Whether the message begins a trace of its own, linked to the one it was made in: what may come much later, or by the thousand."""
    return is_second_look(message) or (isinstance(message, SyncRequested) and message.record is None)


def is_second_look(message: Message) -> bool:
    """Whether a shard is to be looked at anew because of another one, and not because its own record was observed."""
    return isinstance(message, ShardEmitted) and message.cause.startswith("relink:")
