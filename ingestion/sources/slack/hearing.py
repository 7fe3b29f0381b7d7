"""What one event says: told as far as it goes, to be read, or lost.

Slack stops all events of an app whose calls fail too often. An event that is not of the form the table knows is therefore no error: the
call is acknowledged, the event is counted as unrecognised, and a gap in its stream stands for what it may have said. One whose name the
table does not know opens no gap: Slack adds names for things that are not read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import JsonValue, ValidationError

from ingestion.sources.slack import contents, events
from ingestion.sources.slack.belonging import with_belonging
from ingestion.sources.slack.contents import Inner, Unexpected
from ingestion.sources.slack.envelope import Envelope
from ingestion.sources.slack.rows import STREAMS, Row
from ingestion.sources.slack.silence import silent_in_person
from ingestion.sources.source import Heard, HeardEvent, Hint, Lost, Told
from shared.connections.connection import Connection
from shared.contracts.ingestion import Coverage, IngestionEvent
from shared.conversions.registry import CONVERSIONS

OF_NO_TABLE: Final = "other"
REVOKED: Final[Mapping[str, str]] = {
    "app_uninstalled": "the app was uninstalled in Slack: install it again, and store its new token",
    "tokens_revoked": "the app's token was revoked in Slack: install the app again, and store its new token",
}

_OF_USERS: Final = frozenset(
    field for one in CONVERSIONS if (one.source, one.record_type) == ("slack", "User") for field in one.vendor_fields
)


@dataclass(frozen=True)
class Hearing:
    """One call, for one connection."""

    envelope: Envelope
    connection: Connection
    received_at: datetime
    correlation_id: str

    def heard(self) -> Heard:
        """What it says. Raises nothing, whatever the event is."""
        return replace(self._heard(), correlation_id=self.correlation_id)

    def _heard(self) -> Heard:
        event: Inner = {"type": self.envelope.outer} if self.envelope.outer == "app_rate_limited" else self.envelope.event
        try:
            name = events.name_of(event)
        except Unexpected:
            return _counted(OF_NO_TABLE, "unrecognised", lost=STREAMS)
        row = events.ROWS.get(name)
        if row is None:
            return _counted(OF_NO_TABLE, "unrecognised")
        try:
            if row.is_ignored or (row.stream == "Channel" and contents.is_direct(event)) or not _concerns_us(row, event):
                return _counted(name, "ignored")
            if row.stream is None:
                return _counted(name, "handled", lost=row.loses, revoked=REVOKED[name] if row.ends else None)
            return self._of_a_record(row, event)
        except (Unexpected, ValidationError):
            return _counted(name, "unrecognised", lost=row.loses or (row.stream or "",))

    def _of_a_record(self, row: Row, event: Inner) -> Heard:
        stream, record = row.stream or "", row.record(event)
        has_token = self.connection.credential is not None
        context = self.envelope.event_context if self.envelope.may_be_shared else None
        told, hints = [], []
        is_carried = row.carries and not (has_token and row.is_carried_only_without_token)
        said = self._event(row, event, record) if is_carried else None
        if said is not None:
            instead = Hint(stream, record, context=context) if has_token and row.may_be_read_instead else None
            told.append(Told(said, instead))
        if has_token and row.is_read:
            hints.append(Hint(stream, record, row.expects(event) if row.expects is not None else None, context))
        return Heard(told=told, hints=hints, events=(HeardEvent(row.name, "handled"),))

    def _event(self, row: Row, event: Inner, record: str) -> IngestionEvent | None:
        payload, coverage = self._said(row, event, record)
        if payload is not None and not coverage:
            return None
        return IngestionEvent(
            tenant_id=self.connection.tenant_id,
            correlation_id=self.correlation_id,
            source="slack",
            source_id=record,
            event_type=row.event_type,
            observed_at=self.envelope.observed_at(self.received_at),
            payload=payload,
            connection_id=self.connection.id,
            record_type=row.stream,
            coverage=coverage,
        )

    def _said(self, row: Row, event: Inner, record: str) -> tuple[dict[str, JsonValue] | None, Coverage]:
        """The payload, and what it speaks for; for nothing, where the event leaves out what it could have said."""
        if row.stream == "User":
            user = with_belonging(contents.person(event), self.connection.account)
            return user, _of_user(user)
        if row.content is None:
            return None, "complete"
        fields = dict(row.content(event))
        if not fields:
            return {}, ()
        if contents.is_private(event):
            fields.setdefault("is_private", True)
        if fields.get(f"members.{self.envelope.bot}") is True:
            fields["is_lost"] = False  # the app is let in again
        return _nested({"id": record, **fields}), ("id", *fields)


def _concerns_us(row: Row, event: Inner) -> bool:
    """Of revoked tokens only a bot's does: no user's token is used here."""
    if row.name != "tokens_revoked":
        return True
    tokens = event.get("tokens")
    if not isinstance(tokens, Mapping) or not isinstance(tokens.get("bot", []), list):
        raise Unexpected("no lists of tokens")
    return bool(tokens.get("bot"))


def _of_user(user: Mapping[str, Any]) -> Coverage:
    """All that a conversion reads, but for what is not shown to everybody."""
    hidden = silent_in_person(user)
    return tuple(sorted({"id", *_OF_USERS} - hidden)) if hidden else "complete"


def _nested(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """``topic.value`` as the vendor's reads have it, in an object; a name has at most one dot."""
    payload: dict[str, Any] = {}
    for name, value in fields.items():
        outer, dot, inner = name.partition(".")
        if dot:
            payload.setdefault(outer, {})[inner] = value
        else:
            payload[name] = value
    return payload


def _counted(
    name: str, treatment: Literal["handled", "ignored", "unrecognised"], *, lost: tuple[str, ...] = (), revoked: str | None = None
) -> Heard:
    return Heard(lost=tuple(Lost(stream, "events-lost") for stream in lost), revoked=revoked, events=(HeardEvent(name, treatment),))
