"""The channels of a run's Slack workspace as they are stored, compared with what is there without the app's own conversions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from devtools.local.slack_control import PretendChannel, PretendPerson
from devtools.local.tables import table
from shared.access.attendance import Attendance
from shared.shards.model import Shard

CHANNEL: Final = "c_channel"
OF_CHANNELS: Final = ("name", "isPrivate", "isArchived")
"""What is compared, beside who is in it."""


@dataclass(frozen=True)
class StoredChannels:
    """Shards of channels, by the vendor's id; without those that are gone or were only named."""

    shards: Mapping[str, Shard]

    @classmethod
    def among(cls, shards: Iterable[Shard], team_id: str) -> "StoredChannels":
        """The channels of a workspace, of all these: what an earlier run has left is another one's."""
        channels = (shard for shard in shards if shard.shard_type_id == CHANNEL and shard.status == "active")
        live = (shard for shard in channels if any(edge.scope == team_id for edge in shard.external_relationships))
        return cls({str(shard.structured_data["externalId"]): shard for shard in live})

    def name(self, channel_id: str) -> str | None:
        """None: there is no such channel."""
        shard = self.shards.get(channel_id)
        return None if shard is None else str(shard.structured_data.get("name"))

    def has(self, channel_id: str, person_id: str) -> bool | None:
        """Whether somebody is in it. None: it is not known."""
        shard = self.shards.get(channel_id)
        return None if shard is None else Attendance.of(shard.structured_data.get("members")).says(person_id)

    def faults(self, wanted: Mapping[str, PretendChannel]) -> list[str]:
        """What is missing or wrong, a line each."""
        extra = [f"#{self.name(one)} ({one}) is not shown to the app" for one in self.shards if one not in wanted]
        return [*(fault for channel in wanted.values() for fault in self._faults(channel)), *extra]

    def _faults(self, channel: PretendChannel) -> Iterator[str]:
        shard = self.shards.get(channel.id)
        if shard is None:
            yield f"#{channel.name} ({channel.id}) has no shard"
            return
        there = dict(zip(OF_CHANNELS, (channel.name, channel.is_private, channel.is_archived), strict=True))
        for field, said in there.items():
            if shard.structured_data.get(field) != said:
                yield f"#{channel.name}: {field} is {shard.structured_data.get(field)!r} here and {said!r} there"
        here = Attendance.of(shard.structured_data.get("members"))
        if not here.is_whole or set(here.members) != channel.members:
            yield f"#{channel.name}: {', '.join(here.members)} are in it here, and {', '.join(sorted(channel.members))} there"
        if shard.awaits_enrichment or shard.awaits_embedding:
            yield f"#{channel.name} is not linked and embedded"

    def listed(self, people: Mapping[str, PretendPerson], finders: Mapping[str, str]) -> str:
        """For people: each channel with who is in it, and who finds it."""
        rows = []
        for channel_id, shard in sorted(self.shards.items(), key=lambda one: str(one[1].structured_data.get("name"))):
            said = shard.structured_data
            members = sorted(people[one].name for one in Attendance.of(said.get("members")).members if one in people)
            rows.append((f"#{said.get('name')}", said.get("type"), ", ".join(members), finders.get(channel_id)))
        return table(("channel", "kind", "who is in it", "found by"), rows)
