"""The ranges of a comparison: ids in text order, channels with their members, and people of other organizations, whom no list has."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from ingestion.sources.slack.answers import NotThere
from ingestion.sources.slack.belonging import ORGANIZATION
from ingestion.sources.slack.census import KEPT, Census, Listing
from ingestion.sources.slack.channels import Channels, Whole
from ingestion.sources.slack.client import SlackClient
from ingestion.sources.slack.listing import Record
from ingestion.sources.slack.people import People, kind_of
from ingestion.sources.slack.sightings import CHANNEL, content_of
from ingestion.sources.source import RecordVersion, Versions
from shared.connections.connection import Connection
from shared.errors import RateLimited
from shared.shards.record_index import RecordIndex

RANGE_CHANNELS: Final = 25
"""Each is a call for its members."""
RANGE_PEOPLE: Final = 500
RANGE_STRANGERS: Final = 100
"""Of those who are in no list; each is a call."""
VIEWERS: Final = frozenset({"teamExternalId"})
"""What an organization's channel says depends on the workspace that asks: of no use to compare."""
MILLISECONDS: Final = 10**11
"""A number above it is one of milliseconds: channels have those, and people seconds."""


class Ranges:
    """One worker's comparison of one stream."""

    def __init__(
        self,
        connection: Connection,
        stream: str,
        *,
        client: SlackClient,
        channels: Channels,
        people: People,
        index: RecordIndex,
        now: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._census = Census(connection, stream, client, index, now)
        self._channels = channels
        self._people = people
        self._index = index
        self._now = now
        self._last: dict[str, Whole] = {}
        self._last_at = now()

    @property
    def is_of_use(self) -> bool:
        """Whether a comparison may come back for what is kept here. Nobody says when one is given up, or goes on in another worker."""
        return self._census.has_some or (bool(self._last) and self._now() - self._last_at < KEPT)

    def taken(self) -> dict[str, Whole]:
        """The records of the last range, which are not kept any longer."""
        last, self._last = self._last, {}
        return last

    async def above(self, after: str | None) -> Versions:
        """The next range. Raises as ``Poller.versions``."""
        self._last = {}
        listing = await self._census.taken(is_first=after is None)
        found, up_to = await (self._some_channels if self._stream == CHANNEL else self._some_people)(listing, after)
        self._last, self._last_at = {str(whole.record["id"]): whole for whole in found}, self._now()
        listing.was_used = True
        if up_to is None:
            self._census.forget()
        versions = {key: self._version(whole.record) for key, whole in sorted(self._last.items())}
        return Versions(versions, up_to=up_to, read_at=listing.at)

    async def _some_channels(self, listing: Listing, after: str | None) -> tuple[list[Whole], str | None]:
        """As many as can be read now: at one call a minute a whole range would never be."""
        keys, up_to = _range(listing, after, RANGE_CHANNELS)
        found: list[Whole] = []
        last = None
        for key in keys:
            try:
                found.append(await self._channels.whole(listing.record(key), listing.at, is_live=False))
            except NotThere:
                pass  # it went since it was listed
            except RateLimited:
                if last is None:
                    raise
                return found, last
            last = key
        return found, up_to

    async def _some_people(self, listing: Listing, after: str | None) -> tuple[list[Whole], str | None]:
        """Those of the list, and everybody else who is stored or in a shared channel and whom the vendor knows."""
        keys, up_to = _range(listing, after, RANGE_PEOPLE)
        others = {key for key in listing.others if (after is None or key > after) and (up_to is None or key <= up_to)}
        async for stored in self._index.between(kind_of(self._connection, self._stream), after=after, up_to=up_to):
            if stored.external_id not in listing.by_key and not stored.shard.is_gone:
                others.add(stored.external_id)
        some = sorted(others)[:RANGE_STRANGERS]
        if len(others) > len(some):
            up_to = some[-1]
            keys = [key for key in keys if key <= up_to]
        found = [Whole(listing.record(key), listing.at) for key in keys]
        for key in some:
            person = await self._people.person(key, is_live=False, kept=KEPT)
            if person is not None and person.record["id"] == key:
                found.append(person)
        return found, up_to

    def _version(self, record: Record) -> RecordVersion:
        without = VIEWERS if self._connection.account.startswith(ORGANIZATION) else ()
        return RecordVersion(None, _changed_at(record), content=content_of(self._connection, self._stream, record, without=without))


def _range(listing: Listing, after: str | None, most: int) -> tuple[list[str], str | None]:
    """The next ids, and with which the range ends."""
    above = sorted(key for key in listing.by_key if after is None or key > after)
    return above[:most], above[most - 1] if len(above) > most else None


def _changed_at(record: Record) -> datetime | None:
    """When its settings changed last, as it says. Who is in a channel does not move it."""
    said = record.get("updated")
    if not isinstance(said, int | float) or isinstance(said, bool):
        return None
    try:
        return datetime.fromtimestamp(said / 1000 if said >= MILLISECONDS else said, UTC)
    except (OverflowError, OSError, ValueError):
        return None
