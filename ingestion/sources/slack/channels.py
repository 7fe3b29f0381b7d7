"""Channels with everybody who is in them: what a list or ``conversations.info`` says, and ``conversations.members`` of each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingestion.sources.slack.answers import AccessDenied, CursorRejected, NotThere, cursor_in
from ingestion.sources.slack.client import SlackClient
from ingestion.sources.slack.listing import Record
from ingestion.sources.slack.sightings import MEMBERS, is_direct
from ingestion.sources.source import GiveWay, to_nobody
from shared.errors import DependencyUnavailable

PAGE_MEMBERS: Final = "999"
"""The most there are in one answer."""
KEPT: Final = timedelta(hours=1)
"""So long the members of a page's channels are kept, as of when they were read: a page that a pause broke off need not begin from nothing,
and at one call a minute it would never come to its end."""


@dataclass(frozen=True)
class Whole:
    """A record, and since when it was so."""

    record: Record
    at: datetime


class Channels:
    """Asks who is in channels."""

    def __init__(self, client: SlackClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._kept: dict[str, tuple[list[str] | None, datetime, datetime]] = {}

    async def whole(self, channel: Record, at: datetime, *, is_live: bool) -> Whole:
        """One channel with its members; without, where the app may not know them. ``at``: when the channel was asked for.

        Raises:
            NotThere: it is gone by now.
            PipelineError: as ``SlackClient.ask``.
        """
        return _with(channel, await self._members(str(channel["id"]), is_live=is_live), at)

    async def all_whole(self, channels: Iterable[Record], at: datetime, *, give_way: GiveWay = to_nobody) -> list[Whole]:
        """A back-fill's page: those that are still there. Raises as ``whole``, but for NotThere."""
        found = []
        for channel in channels:
            if is_direct(channel):
                continue
            key, now = str(channel["id"]), self._now()
            members, read_at, kept_at = self._kept.get(key, (None, at, now - KEPT))
            if now - kept_at >= KEPT:
                read_at = self._client.vendor_now()
                try:
                    members = await self._members(key, is_live=False)
                except NotThere:
                    continue
                self._kept[key] = members, read_at, now
            found.append(_with(channel, members, min(at, read_at)))
            await give_way()
        self._kept.clear()
        return found

    async def _members(self, key: str, *, is_live: bool) -> list[str] | None:
        found: set[str] = set()
        form = {"channel": key, "limit": PAGE_MEMBERS}
        while True:
            try:
                body = (await self._client.ask("conversations.members", form, is_live=is_live)).body
            except AccessDenied:
                return None
            except CursorRejected as error:
                raise DependencyUnavailable(f"{error}, among the members of a channel") from error
            members = body.get("members")
            if not isinstance(members, list):
                raise DependencyUnavailable("Slack conversations.members: the answer holds no members")  # taken for none, all would be out
            found |= {one for one in members if isinstance(one, str) and one}
            place = cursor_in(body)
            if place is None:
                return sorted(found)
            form = {"channel": key, "limit": PAGE_MEMBERS, "cursor": place}


def _with(channel: Record, members: list[str] | None, at: datetime) -> Whole:
    bare = {name: value for name, value in channel.items() if name != MEMBERS}  # an object that says some itself may not say all
    return Whole(bare if members is None else {**bare, MEMBERS: members}, at)
