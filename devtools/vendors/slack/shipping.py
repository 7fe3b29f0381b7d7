"""One event on its way to an app: what is sent, when it is due, and what became of every try."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from devtools.faults.plan import Fault
from devtools.vendors.slack.announcements import Outgoing
from devtools.vendors.slack.apps import App

Received = tuple[int, Mapping[str, str]] | tuple[int, Mapping[str, str], bytes]
"""Status, headers and, where it matters (``url_verification``), the body."""
Send = Callable[[bytes, Mapping[str, str]], Awaitable[Received]]
"""Body and headers to the app. TimeoutError is ``http_timeout``, OSError ``connection_failed``."""

PAUSES: Final = (timedelta(), timedelta(minutes=1), timedelta(minutes=5))
"""Before the first, the second and the third retry."""
RATE_LIMITED: Final = "app_rate_limited"


@dataclass(slots=True, eq=False)
class Parcel:
    """``body`` stays the same with every try. ``tries``: how many there were; ``reason``: why the last one was no success."""

    app: App
    team_id: str
    type: str
    event_id: str
    channel: str
    body: bytes
    tries: int = 0
    reason: str = ""

    @classmethod
    def of(cls, outgoing: Outgoing, *, event_id: str | None = None) -> "Parcel":
        """``event_id``: instead of its own."""
        body = outgoing.body | ({"event_id": event_id} if event_id is not None else {})
        return cls(outgoing.app, outgoing.team_id, outgoing.type, str(body["event_id"]), outgoing.channel, written(body))

    @classmethod
    def of_rate_limit(cls, app: App, team_id: str, minute: int) -> "Parcel":
        """``minute``: when it began, in seconds."""
        said = {"token": app.verification_token, "type": RATE_LIMITED, "team_id": team_id, "minute_rate_limited": minute}
        return cls(app, team_id, RATE_LIMITED, "", "", written(said | {"api_app_id": app.app_id}))

    def event(self) -> dict[str, Any]:
        """The inner event, or all of what has none."""
        said: dict[str, Any] = json.loads(self.body)
        event: dict[str, Any] = said.get("event", said)
        return event


@dataclass(slots=True)
class Attempt:
    """One try, as the ledger has it. ``operation`` is the type of the event, ``reason`` the vendor's word for what went wrong."""

    operation: str
    at: datetime
    event_id: str
    team_id: str
    channel: str
    attempt: int
    status: int | None = None
    reason: str = ""
    rows: int = 0
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """An event that no app hears of. ``reason``: ``retries``, ``no_retry``, ``rate_limited``, ``disabled``, ``dropped`` or ``no_url``."""

    parcel: Parcel
    reason: str
    at: datetime


@dataclass(slots=True)
class Mishaps:
    """What else happens to events, by chance (shares from 0 to 1). All may be changed at any time; for events from then on.

    ``duplicate_share`` are sent again with another ``event_id``; ``drop_share`` never; ``hold_share`` only ``hold`` later;
    ``reorder_window``: an event may be overtaken by so many of those after it.
    """

    duplicate_share: float = 0.0
    drop_share: float = 0.0
    hold_share: float = 0.0
    hold: timedelta = field(default=timedelta(minutes=2))
    reorder_window: int = 0


def written(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
