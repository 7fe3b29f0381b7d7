"""The groups of the Workspace with everybody who is in them, by way of other groups too: whoever a file is shared with as a group.

The directory has no log: all groups are read, at most once an hour, and those that differ from the last time are told. "Manage groups" and
"Manage group members", Directory API guides; it answers administrators.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import JsonValue

from ingestion.sources.gdrive.answers import AccessDenied, NotThere, PageTokenRejected, ScopeMissing, UserRefused, objects_in, text_in
from ingestion.sources.gdrive.at_once import each
from ingestion.sources.gdrive.client import DriveClient, segment
from ingestion.sources.gdrive.events import GROUP, Seen
from ingestion.sources.source import Ask, Page, Reading, RecordVersion, Versions
from shared.access.acl import without_capitals
from shared.connections.connection import Connection
from shared.contracts.canonical import digest
from shared.contracts.ingestion import IngestionEvent
from shared.errors import ConfigurationError, DependencyUnavailable, StreamUnreadable
from shared.gaps.gap import GapReason
from shared.streams.defaults import user_stream

READ_EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 25
"""Groups on one page of ours: each costs a question for its members."""
MOST: Final = "200"
"""Of the directory's, groups or members."""
MARK_CHARACTERS: Final = 12
"""Of the group as a whole, at the beginning of its mark."""
MEMBER_CHARACTERS: Final = 6
"""Of each person of the connection who is in it, behind that."""

Group = dict[str, Any]
ResultT = TypeVar("ResultT")


class Groups:
    """Reads the directory of one connection."""

    def __init__(self, connection: Connection, client: DriveClient, now: Callable[[], datetime]) -> None:
        credential = connection.credential
        self._connection = connection
        self._client = client
        self._now = now
        self._user = (credential.subject if credential else None) or next(iter(connection.users), "")

    async def page(self, reading: Reading) -> Page:
        """Some groups more; the last page tells which are gone. The cursor: ``known`` marks by address, ``readAt``, and ``walk``, while the
        groups are gone through. Raises as ``Poller.page``."""
        cursor = dict(reading.cursor or {})
        known, walk, read_at = _marks(cursor.get("known")), cursor.get("walk"), text_in(cursor, "readAt")
        if isinstance(walk, Mapping):
            return await self._readable(self._walked(reading, known, walk))
        is_fresh = read_at is not None and self._now() - datetime.fromisoformat(read_at) < READ_EVERY
        if reading.kind == "changes" and is_fresh and not self._is_paused:  # a page that asks nothing would end a pause
            return Page(events=(), cursor=cursor, is_last=True)
        return await self._readable(self._walked(reading, known, {"at": self._now().isoformat()}))

    async def versions(self, *, after: str | None) -> Versions:
        """Every group above an address, in one range: they have no versions, and differ or not by what is in them."""

        async def read() -> Versions:
            at, groups = self._client.vendor_now(), await self._all()
            keys = sorted(key for key in groups if after is None or key > after)
            return Versions({key: RecordVersion(None, None) for key in keys}, up_to=None, read_at=at)

        return await self._readable(read())

    async def events(self, reading: Reading, keys: Sequence[str]) -> list[IngestionEvent]:
        """An event for each of these groups. Raises as ``Poller.page``."""

        async def read() -> list[IngestionEvent]:
            seen = Seen(self._connection, reading.run, reading.stream, self._client.vendor_now())
            groups = await self._all()
            found = await each([groups[key] for key in keys if key in groups], self._with_members)
            there = {str(group["email"]): group for group in found if group is not None}
            return [seen.group(there[key]) if key in there else seen.gone(key, GROUP) for key in keys]

        return await self._readable(read())

    async def look(self) -> None:
        """Whether groups can be read at all. Raises as ``Poller.page``."""
        await self._readable(self._listed(None, "1"))

    @property
    def _is_paused(self) -> bool:
        return self._connection.status == "paused"

    async def _readable(self, reading: Awaitable[ResultT]) -> ResultT:
        """What was read. That the directory is closed is no trouble of the files; of a paused connection, everything may be closed.

        Raises:
            StreamUnreadable: it is.
            ConfigurationError: the connection is paused, and this is no sign that it is mended.
        """
        try:
            return await reading
        except (ScopeMissing, AccessDenied, UserRefused) as error:
            text = "the groups cannot be read: delegate admin.directory.group.readonly, and let the subject be an administrator of groups"
            raise (ConfigurationError if self._is_paused else StreamUnreadable)(text) from error

    async def _walked(self, reading: Reading, known: Mapping[str, str], walk: Mapping[str, JsonValue]) -> Page:
        seen_at, told, at = text_in(walk, "at") or self._now().isoformat(), _marks(walk.get("seen")), self._client.vendor_now()
        page = text_in(walk, "page")
        try:
            groups, following = await self._listed(page, str(AT_ONCE))
        except PageTokenRejected as error:
            if page is None:
                raise DependencyUnavailable(str(error)) from error
            return Page(events=(), cursor={"known": {**known}}, is_last=False)
        found = [group for group in await each(groups, self._with_members) if group is not None]
        marks = {str(group["email"]): self._mark_of(group) for group in found}
        seen = Seen(self._connection, reading.run, reading.stream, at)
        events, gaps = _told(seen, [group for group in found if known.get(str(group["email"])) != marks[str(group["email"])]])
        told |= marks
        if following is not None:
            onwards: dict[str, JsonValue] = {"at": seen_at, "page": following, "seen": {**told}}
            return Page(events=events, cursor={"known": {**known}, "walk": onwards}, is_last=False, gaps=gaps)
        events += [seen.gone(key, GROUP) for key in sorted(known.keys() - told.keys())]
        whole_at = datetime.fromisoformat(seen_at)
        asks = self._asks(known, told) if known else ()
        return Page(
            events=events, cursor={"known": {**told}, "readAt": seen_at}, is_last=True, covered_until=whole_at, gaps=gaps, asks=asks
        )

    def _mark_of(self, group: Group) -> str:
        emails = {without_capitals(str(member.get("email"))) for member in group["members"]}
        ours = sorted(_mark_of_person(user) for user in self._connection.users if user in emails)
        return "".join([digest(group)[:MARK_CHARACTERS], *ours])

    def _asks(self, known: Mapping[str, str], told: Mapping[str, str]) -> tuple[Ask, ...]:
        """A comparison for each person who joined a group or left one: what outsiders share with it their log does not tell of."""
        changed = {one for key in {*known, *told} for one in _people_in(known.get(key, "")) ^ _people_in(told.get(key, ""))}
        return tuple(Ask(user_stream(user), "compare") for user in self._connection.users if _mark_of_person(user) in changed)

    async def _all(self) -> dict[str, Group]:
        """Every group by its address, without its members."""
        found: list[Group] = []
        page: str | None = None
        while True:
            groups, page = await self._listed(page, MOST)
            found += groups
            if page is None:
                return {str(group["email"]): group for group in found}

    async def _listed(self, page: str | None, most: str) -> tuple[list[Group], str | None]:
        params = {"customer": "my_customer", "maxResults": most, "fields": "nextPageToken,groups(id,email,name,description)"}
        answer = await self._client.directory("groups", {**params, "pageToken": page} if page else params, user=self._user)
        groups = [
            {**group, "email": without_capitals(str(group["email"]))}
            for group in objects_in(answer.body.get("groups"))
            if text_in(group, "email")
        ]
        return groups, text_in(answer.body, "nextPageToken")

    async def _with_members(self, group: Group) -> Group | None:
        """The group with its members; None when it is gone meanwhile."""
        members: list[dict[str, Any]] = []
        params = {"includeDerivedMembership": "true", "maxResults": MOST, "fields": "nextPageToken,members(email,type,status)"}
        page: str | None = None
        path = f"groups/{segment(str(group['id']) if group.get('id') else str(group['email']))}/members"
        while True:
            try:
                answer = await self._client.directory(path, {**params, "pageToken": page} if page else params, user=self._user)
            except NotThere:
                return None
            members += objects_in(answer.body.get("members"))
            page = text_in(answer.body, "nextPageToken")
            if page is None:
                break
        # Groups in it are left out: those who are in them are told themselves.
        people = [member for member in members if member.get("type") != "GROUP"]
        return {**group, "members": sorted(people, key=lambda member: (str(member.get("type")), str(member.get("email"))))}


def _told(seen: Seen, groups: Sequence[Group]) -> tuple[list[IngestionEvent], tuple[GapReason, ...]]:
    events, unreadable = [], 0
    for group in groups:
        try:
            events.append(seen.group(group))
        except ValueError:  # what is no JSON value
            unreadable += 1
    return events, ("rejected",) if unreadable else ()


def _mark_of_person(user: str) -> str:
    return digest(user)[:MEMBER_CHARACTERS]


def _people_in(mark: str) -> set[str]:
    people = mark[MARK_CHARACTERS:]
    return {people[start : start + MEMBER_CHARACTERS] for start in range(0, len(people), MEMBER_CHARACTERS)}


def _marks(said: JsonValue) -> dict[str, str]:
    return {key: str(mark) for key, mark in said.items()} if isinstance(said, Mapping) else {}
