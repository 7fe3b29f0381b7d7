"""The pretend Slack of a run, told what happens in its channels, and asked what there is and who sees it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devtools.local.control import VendorControl
from devtools.local.run import SLACK_APP


@dataclass(frozen=True)
class PretendPerson:
    """Somebody in the workspace, the app's bot among them."""

    id: str
    name: str
    email: str | None
    is_full_member: bool
    """No guest, no bot, and not deactivated."""
    is_bot: bool


@dataclass(frozen=True)
class PretendChannel:
    """A channel, as the pretend Slack has it."""

    id: str
    name: str
    is_private: bool
    is_archived: bool
    members: frozenset[str]

    def is_shown_to(self, person: PretendPerson) -> bool:
        """Whether Slack shows it to them."""
        return person.id in self.members or (person.is_full_member and not self.is_private)


class SlackControl(VendorControl):
    """Commands are those of ``devtools/vendors/slack/api/control.py``."""

    async def people(self) -> dict[str, PretendPerson]:
        """Everybody, by id."""
        return {one["id"]: _person(one) for one in (await self.look("people"))["people"]}

    async def channels(self) -> dict[str, PretendChannel]:
        """Those that the app sees, by id: all but private ones without its bot."""
        [bot] = [one["id"] for one in (await self.look("people"))["people"] if one["is_bot"] and one["app_id"] == SLACK_APP]
        found = [_channel(one) for one in (await self.look("channels"))["channels"] if one["kind"] in {"public_channel", "private_channel"}]
        return {one.id: one for one in found if not one.is_private or bot in one.members}

    async def calls_about(self, channel_id: str) -> Counter[str]:
        """How often each method was called for a channel."""
        return Counter(call["operation"] for call in (await self.ledger())["calls"] if call["channel"] == channel_id)


def taken(ledger: Mapping[str, Any]) -> int:
    """How many of its events somebody has acknowledged."""
    return sum(attempt["status"] == 200 for attempt in ledger["deliveries"]["attempts"])


def _person(said: Mapping[str, Any]) -> PretendPerson:
    is_guest = said["is_restricted"] or said["is_ultra_restricted"]
    return PretendPerson(
        said["id"], said["real_name"], said["email"] or None, not (is_guest or said["is_bot"] or said["deleted"]), bool(said["is_bot"])
    )


def _channel(said: Mapping[str, Any]) -> PretendChannel:
    return PretendChannel(said["id"], said["name"], said["is_private"], said["is_archived"], frozenset(said["members"]))
