"""Where what is being handled came from: its source, when the vendor's record was observed, and how it came to us.

It travels with messages as three properties and is said nowhere else. A stage that sees the shard itself says whose record it is: a shard
that is looked at anew because of another one is of its own source.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Pace = Literal["live", "bulk", "replay"]
"""``bulk``: what a back-fill reads. ``replay``: what an operator sends round again. Of neither a lag says how quick the pipeline is."""


@dataclass(frozen=True)
class Origin:
    """What is known of it."""

    source: str = ""
    """``salesforce``, ``gdrive``, …; empty where nobody can say."""
    observed_at: datetime | None = None
    """None where what happens now is not for one record that was observed."""
    pace: Pace = "live"


_current: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - it is frozen


@contextmanager
def about(origin: Origin) -> Iterator[None]:
    """What is done inside is for this."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def current_origin() -> Origin:
    """What is being handled here."""
    return _current.get()


def set_origin(origin: Origin) -> None:
    """From here on, what is being handled is this."""
    _current.set(origin)


def came_through(connection_id: str | None) -> None:
    """The shard that is being handled came through this connection, whatever the message says. None: nobody can say more."""
    if connection_id:
        set_origin(replace(current_origin(), source=source_of(connection_id)))


def lag_seconds(observed_at: datetime, at: datetime) -> float:
    """How long ago a record was observed. Never less than nothing: a vendor's clock may be ahead of ours."""
    return max(0.0, (at - observed_at).total_seconds())


def source_of(connection_id: str) -> str:
    """``salesforce`` of ``salesforce:00D…``."""
    return connection_id.partition(":")[0]
