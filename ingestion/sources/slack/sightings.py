"""Channels and people as events, and what each of them speaks for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ingestion.sources.slack.belonging import with_belonging
from ingestion.sources.slack.client import SOURCE
from ingestion.sources.slack.listing import Record
from ingestion.sources.slack.silence import silent_in_person
from shared.connections.connection import Connection
from shared.contracts.ingestion import Coverage, IngestionEvent
from shared.conversions.conversion import Conversion
from shared.conversions.kind import Scalar
from shared.conversions.registry import conversion_of
from shared.errors import StreamUnreadable, UnmappableRecord

CHANNEL: Final = "Channel"
USER: Final = "User"
MEMBERS: Final = "members"
SHARED: Final = (("is_ext_shared", "connected_team_ids"), ("is_org_shared", "internal_team_ids"))
"""Flags, and what a list may leave out where they are true."""


def conversion_for(stream: str) -> Conversion:
    """The conversion of a stream's records.

    Raises:
        StreamUnreadable: there is no such stream.
    """
    try:
        return conversion_of(SOURCE, stream)
    except UnmappableRecord as error:
        raise StreamUnreadable(f"{stream}: {error}; Slack is read as User and Channel") from None


def is_direct(channel: Mapping[str, Any]) -> bool:
    """Whether it is a talk between two or several, and no channel: none of ours to read."""
    return channel.get("is_im") is True or channel.get("is_mpim") is True


def coverage_of(stream: str, record: Mapping[str, Any]) -> Coverage:
    """What a record speaks for that was read: all of it, but for what is left out and is not known to be empty."""
    silent = _silent_in_channel(record) if stream == CHANNEL else silent_in_person(record)
    if not silent:
        return "complete"
    return tuple(sorted({"id", *conversion_for(stream).vendor_fields} - silent))


def _silent_in_channel(channel: Mapping[str, Any]) -> frozenset[str]:
    """Members that could not be read; and other teams, where it is shared and not said with which."""
    members = set() if MEMBERS in channel else {MEMBERS}
    return frozenset(members | {name for flag, name in SHARED if channel.get(flag) is True and name not in channel})


def content_of(connection: Connection, stream: str, record: Record, *, without: Collection[str] = ()) -> dict[str, Scalar] | None:
    """The canonical fields that a record shows; None, where it cannot be read. ``without``: fields that are left out."""
    conversion = conversion_for(stream)
    record = _seen_from(connection, stream, record)
    try:
        read = conversion.read(record, coverage_of(stream, record))
    except UnmappableRecord:
        return None
    merged = conversion.merge({}, read)
    shown = {name for name in merged if name in read or read.keys() >= set(conversion.derived[name].inputs)}
    return {name: merged[name] for name in sorted(shown.difference(without))}


def _seen_from(connection: Connection, stream: str, record: Record) -> Record:
    """The record, and of a person whether they are external."""
    return with_belonging(record, connection.account) if stream == USER else record


@dataclass(frozen=True)
class Seen:
    """Who saw something, in which run."""

    connection: Connection
    run: str

    def record(self, stream: str, record: Record, at: datetime) -> IngestionEvent:
        """A channel with its members, or a person, as they are.

        Raises:
            ValueError: it holds what is no JSON value.
        """
        record = _seen_from(self.connection, stream, record)
        flag = conversion_for(stream).deleted_flag
        is_gone = flag is not None and record.get(flag) is True
        return self._event(stream, str(record["id"]), at, record, coverage_of(stream, record), is_gone=is_gone)

    def gone(self, stream: str, key: str, at: datetime) -> IngestionEvent:
        """Deleted, and known to be."""
        return self._event(stream, key, at, None, "complete", is_gone=True)

    def lost(self, key: str, at: datetime) -> IngestionEvent:
        """A channel that the app cannot see any more: whether it is there nobody can say."""
        return self._event(CHANNEL, key, at, {"id": key, "is_lost": True}, ("id", "is_lost"))

    def renamed(self, key: str, previous: str, at: datetime) -> IngestionEvent:
        """A channel's id is another one now."""
        return self._event(CHANNEL, key, at, {"id": key, "previous_id": previous}, ("id", "previous_id"))

    def _event(
        self, stream: str, key: str, at: datetime, payload: Record | None, coverage: Coverage, *, is_gone: bool = False
    ) -> IngestionEvent:
        return IngestionEvent(
            tenant_id=self.connection.tenant_id,
            correlation_id=self.run,
            source=SOURCE,
            source_id=key,
            event_type="delete" if is_gone else "update",
            observed_at=at,
            payload=payload,
            connection_id=self.connection.id,
            record_type=stream,
            coverage=coverage,
            run=self.run,
        )
