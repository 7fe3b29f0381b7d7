"""Page tokens: opaque, and good only for the question they came from.

Those of a listing stand for what was found when it began: what was added since is not in it, and what is gone by then is left out.
"""

import base64
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from devtools.vendors.gdrive.api import refusals

T = TypeVar("T")
LIFETIME: Final = timedelta(hours=3)
"""The vendor says several hours."""
_KEPT: Final = 256
_BEGINS: Final = "~!!~"


def sealed(said: dict[str, Any]) -> str:
    return _BEGINS + base64.urlsafe_b64encode(json.dumps(said, sort_keys=True).encode()).decode().rstrip("=")


def opened(token: str, location: str = "pageToken") -> dict[str, Any]:
    """Raises Refused: 400, it is not one of ours."""
    text = token.removeprefix(_BEGINS)
    try:
        said = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise refusals.invalid(location) from error
    if not token.startswith(_BEGINS) or not isinstance(said, dict):
        raise refusals.invalid(location)
    return said


@dataclass(slots=True)
class _Listing(Generic[T]):
    question: str
    found: Sequence[T]
    began_at: datetime
    is_incomplete: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    rows: Sequence[T]
    token: str | None
    is_incomplete: bool = False


class Listings(Generic[T]):
    """Those that are being paged through. ``lifetime`` may be changed at any time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.lifetime = LIFETIME
        self._now = now
        self._number = 0
        self._listings: OrderedDict[int, _Listing[T]] = OrderedDict()

    def first(self, question: str, found: Sequence[T], size: int, *, is_incomplete: bool = False) -> Page[T]:
        self._number += 1
        self._listings[self._number] = _Listing(question, found, self._now(), is_incomplete)
        while len(self._listings) > _KEPT:
            self._listings.popitem(last=False)
        return self._page(self._number, 0, size)

    def next(self, question: str, token: str, size: int) -> Page[T]:
        """Raises Refused: 400, the token is not of this question, or no longer good."""
        said = opened(token)
        listing = self._listings.get(said.get("listing", 0))
        if listing is None or listing.question != question or self._now() - listing.began_at >= self.lifetime:
            raise refusals.invalid("pageToken")
        return self._page(said["listing"], int(said["at"]), size)

    def forget(self) -> None:
        self._listings.clear()

    def _page(self, number: int, at: int, size: int) -> Page[T]:
        listing = self._listings[number]
        end = at + size
        token = sealed({"listing": number, "at": end}) if end < len(listing.found) else None
        return Page(listing.found[at:end], token, listing.is_incomplete)


EVERY_LOG: Final = "*"


class ChangeTokens:
    """Those of the change logs. They never end by themselves."""

    def __init__(self) -> None:
        self._series: dict[str, int] = {}
        self._status: dict[str, int] = {}

    def token(self, log: str, position: int) -> str:
        return sealed({"log": log, "position": position, "series": self._current(log)})

    def position(self, log: str, token: str) -> int:
        """Raises Refused: 400, 404 or 410, it is not of this log, or rejected."""
        said = opened(token)
        if said.get("log") != log or "position" not in said:
            raise refusals.invalid("pageToken")
        if said.get("series") != self._current(log):
            status = self._status.get(log, self._status.get(EVERY_LOG, 400))
            raise refusals.of_reason(refusals.BY_STATUS[status], status)
        return int(said["position"])

    def reject(self, log: str | None, status: int) -> None:
        """All that were given out so far, of one log or of every one."""
        name = log or EVERY_LOG
        self._series[name] = self._series.get(name, 0) + 1
        self._status[name] = status

    def _current(self, log: str) -> list[int]:
        return [self._series.get(EVERY_LOG, 0), self._series.get(log, 0)]
