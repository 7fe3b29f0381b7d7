"""All records of a stream, in the order Slack lists them. Who is in a channel shared with others is told with it: no list has strangers."""

from contextlib import suppress
from typing import Final

from ingestion.sources.slack.channels import Channels, Whole
from ingestion.sources.slack.client import SlackClient
from ingestion.sources.slack.listing import CHANNELS, PEOPLE, Lists
from ingestion.sources.slack.people import People, is_shared_with_others
from ingestion.sources.slack.sightings import CHANNEL, USER, Seen
from ingestion.sources.source import Page, Reading
from shared.contracts.ingestion import IN_A_TURN, IngestionEvent
from shared.gaps.gap import GapReason

PAGE_CHANNELS: Final = 40
"""Each is a call for its members, of which there are eighty a minute."""
PAGE_PEOPLE: Final = 200


class Crawl:
    """One back-fill."""

    def __init__(self, reading: Reading, client: SlackClient, channels: Channels, people: People) -> None:
        self._reading = reading
        self._lists = Lists(reading.connection, client)
        self._channels = channels
        self._people = people

    async def page(self) -> Page:
        """The next page. Raises as ``Poller.page``."""
        reading = self._reading
        is_of_channels = reading.stream == CHANNEL
        what, limit = (CHANNELS, PAGE_CHANNELS) if is_of_channels else (PEOPLE, PAGE_PEOPLE)
        listed = await self._lists.page(what, reading.cursor, limit=limit, is_live=False)
        gaps: list[GapReason] = ["not-readable"] if listed.is_denied else []
        if is_of_channels:
            whole = await self._channels.all_whole(listed.records, listed.at, give_way=reading.give_way)
            shared = [channel for channel in whole if is_shared_with_others(channel.record)]
            people = await self._people.newcomers(shared, is_live=False)
        else:
            whole, people = [], [Whole(person, listed.at) for person in listed.records]
        events = await self._events(USER, people) + await self._events(CHANNEL, whole)
        if len(events) < len(people) + len(whole):
            gaps.append("rejected")
        return Page(events=events, cursor=listed.following or {}, is_last=listed.following is None, gaps=tuple(gaps))

    async def _events(self, stream: str, found: list[Whole]) -> list[IngestionEvent]:
        """Those that can be put into an event. After some of them others go first."""
        seen, events = Seen(self._reading.connection, self._reading.run), []
        for number, whole in enumerate(found, 1):
            if number % IN_A_TURN == 0:
                await self._reading.give_way()
            with suppress(ValueError):  # it holds what is no JSON value; pydantic's own is a ValueError as well
                events.append(seen.record(stream, whole.record, whole.at))
        return events
