"""The Slack half of a first run: what a workspace had is read; then a channel is renamed, somebody joins one and somebody leaves one.
Slack's events tell of it, and all of it is compared with what is stored, and with who finds what.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from azure.core.exceptions import AzureError

from devtools.local import search
from devtools.local.polled_connection import FAULTS, PolledConnection, counts_of, faults_in, row_of
from devtools.local.progress import bar
from devtools.local.run import Run
from devtools.local.shard import shards_of
from devtools.local.slack_control import PretendChannel, PretendPerson, SlackControl, taken
from devtools.local.stored_channels import StoredChannels
from devtools.local.tables import table
from devtools.local.token import sample_token
from shared.connections.connection import connection_id
from shared.errors import Conflict, TransientError
from shared.storage.cosmos import CosmosAccount

THERE: Final = "the Slack workspace"
BEFORE, AFTER = "harbour-plans", "harbour-works"
JOINED: Final = "lighthouse-repairs"
LEFT: Final = "night-shift"
CLOSED: Final = "board"
"""Private, and without the app: nothing of it is to be seen."""
LOOK_SECONDS: Final = 0.05
PAUSE_SECONDS: Final = 0.2
LOST_SECONDS: Final = 15.0
"""After it an event counts as lost, as one is under a fault plan: a comparison finds what it would have said."""
MOST_FOUND: Final = 50
"""More than there is: every question finds all that somebody may see, the nearest first."""
AWAY: Final = (AzureError, TransientError, aiohttp.ClientError, TimeoutError)
"""A fault plan hits whoever looks, too."""


@dataclass(frozen=True)
class Story:
    """The three channels that something happens to, and who joins the one and leaves the other."""

    renamed: str
    joined: str
    left: str
    joiner: PretendPerson
    leaver: PretendPerson

    @property
    def events(self) -> dict[str, str]:
        """What happens to each."""
        return {
            self.renamed: f"renamed from {BEFORE}",
            self.joined: f"{_short(self.joiner)} joined",
            self.left: f"{_short(self.leaver)} left",
        }

    @property
    def signs(self) -> dict[str, Callable[[StoredChannels], bool]]:
        """How a shard shows it."""
        return {
            self.renamed: lambda stored: stored.name(self.renamed) == AFTER,
            self.joined: lambda stored: stored.has(self.joined, self.joiner.id) is True,
            self.left: lambda stored: stored.has(self.left, self.leaver.id) is False,
        }


@dataclass(frozen=True)
class Seen:
    """What is here at a moment, who finds what of it, and what is wrong with it."""

    stored: StoredChannels
    found: Mapping[str, frozenset[str]]
    """By the person's id."""
    faults: Sequence[str]
    people: Mapping[str, PretendPerson] = field(default_factory=dict)

    def finders(self, channel_id: str) -> str:
        """Who finds one."""
        return ", ".join(_short(self.people[one]) for one, found in self.found.items() if channel_id in found) or "nobody"


@dataclass(frozen=True)
class Slack:
    """One run's workspace."""

    run: Run
    folder: Path
    account: CosmosAccount
    timeout_seconds: float

    async def begin(self) -> Story:
        """Put the channels and a guest there, and let the app ask for the first time. It goes on reading meanwhile.

        Raises:
            ControlRefused: the pretend Slack does not do what it is told.
        """
        async with SlackControl(self.run.slack) as control:
            people = await control.people()
            [bot] = [one for one in people.values() if one.is_bot]
            ada, bob, cleo = (one for one in people.values() if not one.is_bot)
            guest = await control.tell("add-person", team_id=self.run.team_id, name="gus marsh", is_restricted=True, quietly=True)
            made = {}
            for name, is_private, members in (
                (BEFORE, False, (bob.id, bot.id)),
                (JOINED, True, (bob.id, guest["id"], bot.id)),
                (LEFT, True, (bob.id, bot.id)),
                (CLOSED, True, (cleo.id,)),
            ):
                said = {"team_id": self.run.team_id, "name": name, "by": ada.id, "is_private": is_private, "members": members}
                made[name] = str((await control.tell("create", **said, quietly=True))["id"])
        with suppress(Conflict, *AWAY):  # it is asked again by whoever waits for it
            await self._polled.ask()
        return Story(made[BEFORE], made[JOINED], made[LEFT], joiner=cleo, leaver=bob)

    async def told(self, story: Story) -> dict[str, Any]:
        """Wait for all there is, let the three things happen, and wait for what Slack's events change; with what is missing or wrong."""
        began = time.monotonic()
        async with SlackControl(self.run.slack) as control:
            async with self._polled.asked_again():
                before = await self._seen(control, "read from Slack")
            read_seconds = time.monotonic() - began
            calls_before = {one: await control.calls_about(one) for one in story.events}
            happened = {story.renamed: time.monotonic()}
            await control.tell("rename", channel_id=story.renamed, name=AFTER)
            happened[story.joined] = time.monotonic()
            await control.tell("join", channel_id=story.joined, user_id=story.joiner.id)
            happened[story.left] = time.monotonic()
            await control.tell("leave", channel_id=story.left, user_id=story.leaver.id)
            shown = await self._shown(story)
            calls = {one: (await control.calls_about(one)) - calls_before[one] for one in story.events}
            now = await self._seen(control, "renamed, joined and left")
        return {
            "team": self.run.team_id,
            "channels": len(now.stored.shards),
            "seconds": round(read_seconds, 2),
            "listed": before.stored.listed(before.people, {one: before.finders(one) for one in before.stored.shards}),
            "changes": [
                {
                    "what": what,
                    "name": now.stored.name(one),
                    "milliseconds": None if one not in shown else round(1000 * (shown[one] - happened[one])),
                    "calls": dict(calls[one]),
                    "foundByBefore": before.finders(one),
                    "foundBy": now.finders(one),
                }
                for one, what in story.events.items()
            ],
            "faults": [*before.faults, *now.faults],
            "shards": [shard.document() for shard in now.stored.shards.values()],
        }

    async def compared(self) -> dict[str, Any]:
        """Compare all of it, and say what that came to, and what was asked of Slack in all."""
        found = await self._polled.compared(self.timeout_seconds)
        async with SlackControl(self.run.slack) as control:
            ledger = await control.ledger()
        return {
            "completeness": found,
            **counts_of(found),
            "asked": dict(ledger["counts"]),
            "tried": len(ledger["deliveries"]["attempts"]),
            "taken": taken(ledger),
            "faults": faults_in(found, where=THERE),
        }

    @property
    def _polled(self) -> PolledConnection:
        return PolledConnection(self.run, self.folder, self.account, connection_id("slack", self.run.team_id))

    async def look(self, control: SlackControl) -> Seen:
        """What is here now, and what is wrong with it. Who finds what is asked when all else is right.

        Raises:
            AzureError, ClientError, TimeoutError: the store or the app cannot answer now.
        """
        people, wanted = await control.people(), await control.channels()
        stored = await self._stored()
        faults = stored.faults(wanted)
        if faults:
            return Seen(stored, {}, faults, people)
        found = {one.id: await self.found_by(one, stored) for one in people.values() if one.email is not None}
        return Seen(stored, found, _misled(found, wanted, people), people)

    async def found_by(self, person: PretendPerson, stored: StoredChannels) -> frozenset[str]:
        """The ids of the channels that somebody finds."""
        by_shard = {shard.id: channel_id for channel_id, shard in stored.shards.items()}
        bearer = sample_token(self.run, self.folder, email=person.email, admin=False)
        reply = await search.ask(self.run, "harbour, lighthouse, shift", bearer=bearer, limit=MOST_FOUND)
        return frozenset(by_shard[hit["shardId"]] for hit in reply.hits if hit["shardId"] in by_shard)

    async def _stored(self) -> StoredChannels:
        return StoredChannels.among(await shards_of(self.run, tenant_id=self.run.tenant_id), self.run.team_id)

    async def _shown(self, story: Story) -> dict[str, float]:
        """When the shard of each channel showed what has happened to it, in monotonic seconds."""
        shown: dict[str, float] = {}
        now = began = time.monotonic()
        async with AsyncExitStack() as asking:
            is_asked = False
            while len(shown) < len(story.events) and now < began + self.timeout_seconds:
                with suppress(*AWAY):
                    stored, now = await self._stored(), time.monotonic()
                    shown |= {one: now for one, shows in story.signs.items() if one not in shown and shows(stored)}
                if not is_asked and now > began + LOST_SECONDS:
                    is_asked = True
                    await asking.enter_async_context(self._polled.asked_again(with_comparison=True))
                now = time.monotonic()
                await asyncio.sleep(LOOK_SECONDS)
        return shown

    async def _seen(self, control: SlackControl, what: str) -> Seen:
        """What is here, once it is what is there; or what is wrong with it when the time is up."""
        count = len(await control.channels())
        give_up_at = time.monotonic() + self.timeout_seconds
        now = Seen(StoredChannels({}), {}, ["what is here cannot be looked at"])
        with bar(what, count) as seen:
            while now.faults and time.monotonic() < give_up_at:
                with suppress(*AWAY):
                    now = await self.look(control)
                seen(min(len(now.stored.shards), count))
                await asyncio.sleep(PAUSE_SECONDS if now.faults else 0)
        return now


def _misled(found: Mapping[str, frozenset[str]], channels: Mapping[str, PretendChannel], people: Mapping[str, PretendPerson]) -> list[str]:
    """Who finds what Slack does not show them, or does not find what it does."""
    lines = []
    for person_id, ids in found.items():
        person = people[person_id]
        wanted = {one for one, channel in channels.items() if channel.is_shown_to(person)}
        for what, wrong in (("finds what is not shown to them", ids - wanted), ("does not find", wanted - ids)):
            if wrong:
                lines.append(f"{person.name} {what}: {', '.join(sorted(channels[one].name for one in wrong))}")
    return lines


def rendered(slack: Mapping[str, Any]) -> str:
    """For people: the channels, what happened and what came of it, and what was compared."""
    parts = ["What a Slack workspace had, as far as it lets the app see:", "", slack["listed"], ""]
    rows = [
        (change["what"], f"#{change['name']}", _milliseconds(change), _calls(change["calls"]), change["foundByBefore"], change["foundBy"])
        for change in slack["changes"]
    ]
    head = ("then", "channel", "shown after", "calls for it", "was found by", "is found by")
    parts += ["A channel was renamed, somebody joined one and somebody left one; Slack's events told of it:", "", table(head, rows), ""]
    asked = ", ".join(f"{count} {method}" for method, count in sorted(slack["asked"].items()))
    parts += [f"asked of Slack in all: {asked}; it told {slack['tried']} events, and {slack['taken']} were taken", ""]
    found = slack["completeness"]
    if found is None:
        return "\n".join([*parts, "it was not compared with what is stored"])
    compared = [(stream["stream"], *row_of(stream["comparison"])) for stream in found["streams"]]
    parts += [table(("stream", "in Slack", "here", *FAULTS), compared), ""]
    counted = ", ".join(f"{slack[name]} {name}" for name in FAULTS)
    return "\n".join([*parts, f"{slack['channels']} channels are here and found by whom Slack shows them; compared: {counted}"])


def _milliseconds(change: Mapping[str, Any]) -> str:
    return "–" if change["milliseconds"] is None else f"{change['milliseconds']} ms"


def _calls(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {method.rpartition('.')[2]}" for method, count in sorted(calls.items())) or "none"


def _short(person: PretendPerson) -> str:
    return person.name.partition(" ")[0].lower()
