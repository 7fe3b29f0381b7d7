"""Single records as they are now: what a hint is about, and what a comparison found wrong.

A channel that is not found was deleted, if it was public: everybody sees those. A private one may have been deleted, or the app was taken
out of it: it stays, for administrators alone, until it is seen again.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ingestion.sources.slack.answers import AccessDenied, NotThere
from ingestion.sources.slack.channels import Channels, Whole
from ingestion.sources.slack.client import SlackClient
from ingestion.sources.slack.people import People, kind_of
from ingestion.sources.slack.sightings import CHANNEL, USER, Seen, is_direct
from ingestion.sources.source import Reading
from shared.contracts.ingestion import IngestionEvent
from shared.errors import DependencyUnavailable
from shared.shards.model import Shard
from shared.shards.record_index import RecordIndex

IS_PRIVATE = "isPrivate"
"""The canonical field."""


@dataclass(frozen=True)
class Records:
    """Asks for the records of one stream."""

    reading: Reading
    client: SlackClient
    channels: Channels
    people: People
    index: RecordIndex

    @property
    def _is_live(self) -> bool:
        return self.reading.kind == "changes"

    @property
    def _seen(self) -> Seen:
        return Seen(self.reading.connection, self.reading.run)

    async def events(self, keys: Sequence[str], listed: Mapping[str, Whole]) -> list[IngestionEvent]:
        """An event for each, but for talks between two or several, which are none of ours, and for people in channels whom nobody has told.
        ``listed``: those that were read just now. Raises as ``Poller.page``."""
        events: list[IngestionEvent] = []
        for key in keys:
            await self.reading.give_way()
            if self.reading.stream == USER:
                events += await self._person(key, listed.get(key))
            elif (known := listed.get(key)) is not None:
                events += await self._whole(known)
            else:
                events += await self._channel(key)
        return events

    async def _person(self, key: str, listed: Whole | None) -> list[IngestionEvent]:
        asked_at = self.client.vendor_now()
        person = listed or await self.people.person(key, is_live=self._is_live)
        told = [] if person is None else [self._seen.record(USER, person.record, person.at)]
        # In an organization somebody may have another id now. Access goes by the id that channels have.
        is_told = person is not None and person.record["id"] == key
        return told if is_told else [self._seen.gone(USER, key, asked_at), *told]

    async def _channel(self, key: str, *, is_followed: bool = False) -> list[IngestionEvent]:
        asked_at = self.client.vendor_now()
        form = {"channel": key, "include_num_members": "true"}
        try:
            answer = await self.client.ask("conversations.info", form, is_live=self._is_live)
            channel = answer.body.get("channel")
            if not isinstance(channel, dict) or not isinstance(channel.get("id"), str):
                raise DependencyUnavailable("Slack conversations.info: the answer holds no channel")
            if is_direct(channel):
                return []
            whole = await self.channels.whole(channel, answer.at, is_live=self._is_live)
        except AccessDenied:
            return [self._seen.lost(key, asked_at)]
        except NotThere:
            stored = await self.index.stored(kind_of(self.reading.connection, CHANNEL), key)
            another = None if stored is None else self._id_of(stored)
            if another not in (None, key) and not is_followed:
                return await self._channel(str(another), is_followed=True)  # its id changed, and what was asked for is the old one
            is_public = stored is not None and stored.structured_data.get(IS_PRIVATE) is False
            return [self._seen.gone(CHANNEL, key, asked_at) if is_public else self._seen.lost(key, asked_at)]
        renamed = [] if channel["id"] == key else [self._seen.renamed(channel["id"], key, answer.at)]
        return [*renamed, *await self._whole(whole)]

    async def _whole(self, channel: Whole) -> list[IngestionEvent]:
        """The channel, and before it those people in it whom nobody has told."""
        newcomers = await self.people.newcomers([channel], is_live=self._is_live)
        events = []
        for stream, whole in [*((USER, person) for person in newcomers), (CHANNEL, channel)]:
            with suppress(ValueError):  # it holds what is no JSON value
                events.append(self._seen.record(stream, whole.record, whole.at))
        return events

    def _id_of(self, stored: Shard) -> str | None:
        """The id that a stored channel has now."""
        kind = kind_of(self.reading.connection, CHANNEL)
        ids = [
            edge.external_id
            for edge in stored.external_relationships
            if (edge.system, edge.scope, edge.record_type) == (kind.system, kind.scope, kind.record_type)
        ]
        return ids[-1] if ids else None
