"""People by their ids: ``users.info``, which knows strangers from shared channels too, whom no list has."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingestion.sources.slack.answers import AccessDenied, NotThere, text_in
from ingestion.sources.slack.channels import Whole
from ingestion.sources.slack.client import SOURCE, SlackClient
from ingestion.sources.slack.listing import Record
from ingestion.sources.slack.sightings import CHANNEL, MEMBERS, USER
from shared.access.attendance import Attendance
from shared.connections.connection import Connection
from shared.shards.model import Shard
from shared.shards.record_index import RecordIndex, RecordKind

MOST_REMEMBERED: Final = 5000
MOST_NEWCOMERS: Final = 20
"""Asked for at a time: a company that joined at once is in a list, or found by the next comparison."""
MOST_LOOKED_AT: Final = 200
"""In the store."""


@dataclass(frozen=True)
class _Asked:
    person: Whole | None
    at: datetime


class People:
    """One worker's knowledge of the people of one connection."""

    def __init__(self, connection: Connection, client: SlackClient, index: RecordIndex, now: Callable[[], datetime]) -> None:
        self._kind = kind_of(connection, USER)
        self._channels = kind_of(connection, CHANNEL)
        self._client = client
        self._index = index
        self._now = now
        self._stored: set[str] = set()
        self._asked: dict[str, _Asked] = {}

    async def person(self, key: str, *, is_live: bool, kept: timedelta = timedelta(0)) -> Whole | None:
        """Somebody as they are, or as they were so long ago at most; None: there is nobody, or nobody whom the app may see.

        Raises:
            PipelineError: as ``SlackClient.ask``.
        """
        asked = self._asked.get(key)
        if asked is None or self._now() - asked.at >= kept:
            asked = self._asked[key] = _Asked(await self._look_at(key, is_live=is_live), self._now())
            for other in list(self._asked)[:-MOST_REMEMBERED]:
                del self._asked[other]
        return asked.person

    async def newcomers(self, channels: Iterable[Whole], *, is_live: bool) -> list[Whole]:
        """Who is in these channels and is not stored, neither as a member nor as somebody. Raises as ``person``, and TransientError."""
        unknown: set[str] = set()
        for channel in channels:
            strange = set(channel.record.get(MEMBERS, ())) - self._stored - unknown
            if strange:
                unknown |= strange - _members_of(await self._index.stored(self._channels, str(channel.record["id"])))
        found: list[Whole] = []
        for key in sorted(unknown)[:MOST_LOOKED_AT]:
            if await self._index.stored(self._kind, key) is not None:
                self._stored.add(key)
                continue
            person = await self.person(key, is_live=is_live, kept=timedelta.max)
            found += [] if person is None else [person]
            if len(found) == MOST_NEWCOMERS:
                break
        return found

    async def _look_at(self, key: str, *, is_live: bool) -> Whole | None:
        try:
            answer = await self._client.ask("users.info", {"user": key, "include_locale": "true"}, is_live=is_live)
        except (NotThere, AccessDenied):
            return None
        person = answer.body.get("user")
        return Whole(person, answer.at) if isinstance(person, dict) and text_in(person, "id") is not None else None


def kind_of(connection: Connection, stream: str) -> RecordKind:
    """The stored records of a stream."""
    return RecordKind(connection.tenant_id, SOURCE, connection.account, stream)


def is_shared_with_others(channel: Record) -> bool:
    """Whether people of other organizations may be in it."""
    return channel.get("is_ext_shared") is True


def _members_of(stored: Shard | None) -> set[str]:
    return set() if stored is None else set(Attendance.of(stored.structured_data.get("members")).members)
