"""All records of a stream at one time, as small as can be: Slack lists in no order of ids, and a comparison needs one.

Only what a conversion reads of each is kept, as text: a kilobyte at most. A list that a pause broke off goes on where it was.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ingestion.sources.slack.client import SlackClient
from ingestion.sources.slack.listing import CHANNELS, PEOPLE, Lists, Record
from ingestion.sources.slack.people import kind_of
from ingestion.sources.slack.sightings import CHANNEL, conversion_for, is_direct
from shared.access.attendance import Attendance
from shared.connections.connection import Connection
from shared.shards.record_index import RecordIndex
from shared.streams.state import Cursor

PAGE: Final = 500
KEPT: Final = timedelta(minutes=10)
"""So long a list is believed; a comparison that takes longer lists anew, and goes on where it was."""
KEPT_FOR_EACH: Final = 5
"""So many times as long as listing took a list is believed, too, or a large account's would be listed again before anything is compared."""
BEGUN_KEPT: Final = timedelta(hours=1)
"""So long a list that is not whole may wait to be gone on with."""
FLAGS: Final = ("id", "is_im", "is_mpim", "is_org_shared", "is_ext_shared", "updated")
IS_SHARED: Final = "isExternallyShared"
"""The canonical field."""


@dataclass
class Listing:
    """What was listed so far."""

    began_at: datetime
    touched_at: datetime
    """When the last page of it came."""
    at: datetime
    """When it was begun, by the vendor's clock."""
    by_key: dict[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    """People in shared channels, as they are stored, who are in no list: most are strangers."""
    following: Cursor | None = None
    is_whole: bool = False
    was_used: bool = False
    """Whether a range of it was told."""

    @property
    def over_at(self) -> datetime:
        """When it is of no use any more."""
        kept = max(KEPT, KEPT_FOR_EACH * (self.touched_at - self.began_at)) if self.is_whole else BEGUN_KEPT
        return self.touched_at + kept

    def record(self, key: str) -> Record:
        """One of them."""
        found: Record = json.loads(self.by_key[key])
        return found


class Census:
    """One worker's lists of one stream."""

    def __init__(self, connection: Connection, stream: str, client: SlackClient, index: RecordIndex, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._is_of_channels = stream == CHANNEL
        self._client = client
        self._lists = Lists(connection, client)
        self._index = index
        self._now = now
        self._names = {*FLAGS, *(name.partition(".")[0] for name in conversion_for(stream).vendor_fields)}
        self._known: Listing | None = None

    async def taken(self, *, is_first: bool) -> Listing:
        """All there is. ``is_first``: a comparison begins with it, and wants one of its own. Raises as ``Poller.versions``."""
        listing = self._known
        if listing is None or self._is_over(listing, is_first=is_first):
            listing = self._known = Listing(self._now(), self._now(), self._client.vendor_now())
        what = CHANNELS if self._is_of_channels else PEOPLE
        while not listing.is_whole:
            page = await self._lists.page(what, listing.following, limit=PAGE, is_live=False)
            listing.at = min(listing.at, page.at) if listing.by_key else page.at
            for record in page.records:
                if not is_direct(record):
                    small = {name: record[name] for name in self._names & record.keys()}
                    listing.by_key.setdefault(str(record["id"]), json.dumps(small))
            listing.following, listing.touched_at = page.following, self._now()
            if page.following is None:
                listing.others = frozenset() if self._is_of_channels else await self._others(listing)
                listing.is_whole = True
        return listing

    @property
    def has_some(self) -> bool:
        """Whether there is a list, or a part of one, that is of use."""
        return self._known is not None and not self._is_over(self._known, is_first=False)

    def forget(self) -> None:
        """The comparison is over."""
        self._known = None

    def _is_over(self, listing: Listing, *, is_first: bool) -> bool:
        return self._now() >= listing.over_at or (is_first and listing.was_used)

    async def _others(self, listing: Listing) -> frozenset[str]:
        found: set[str] = set()
        async for stored in self._index.between(kind_of(self._connection, CHANNEL), after=None, up_to=None):
            said = stored.shard.structured_data
            if not stored.shard.is_gone and said.get(IS_SHARED) is True:
                found.update(Attendance.of(said.get("members")).members)
        return frozenset(found - listing.by_key.keys())
