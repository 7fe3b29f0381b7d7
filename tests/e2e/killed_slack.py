"""A Slack whose events come in a burst while the broker is killed, and whose channels are read by a host that dies.

The pretend Slack is in the test's own process: its clock is stepped to where its retries are due. It sends over HTTP, as Slack does.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import Final

from devtools.faults.plan import Fault, Kind
from devtools.local.run import SLACK_APP, SLACK_SIGNING_SECRET, SLACK_TOKEN, Run
from devtools.local.slack_company import connect
from devtools.local.slack_control import PretendChannel
from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.company import Company, found_company
from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.conversations import Kind as Sort
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.pretend import PretendSlack
from devtools.vendors.slack.stories import burst
from tests.e2e.environment import Environment, running_environment, until
from tests.e2e.queues import POLLED
from tests.e2e.tenants import account_of
from tests.e2e.told_slack import stored_channels

LOCK_SECONDS: Final = 5
"""What a dead host held comes back after it; in production after five minutes."""
A_RETRY: Final = timedelta(minutes=1)
"""Slack's second one. The first is made at once."""
READS: Final = "conversations.info"


class Clock:
    """The machine's, and as much ahead as it is told to be."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class OwnSlack:
    """A workspace that is connected; ``run`` is the environment's, as its tenant's."""

    environment: Environment
    run: Run
    clock: Clock
    company: Company
    service: SlackService
    deliveries: Deliveries
    channels: tuple[str, ...]
    told: set[str]
    """The ids of all events."""

    @property
    def world(self) -> PretendSlack:
        return self.service.world

    async def sent(self, seconds: float) -> None:
        """Return when Slack has nothing left to send. What waits for a retry is retried now."""

        async def is_sent() -> bool:
            if self.deliveries.waiting and self.deliveries.due_at is not None and self.deliveries.due_at > self.clock():
                self.clock.ahead += A_RETRY
            return self.deliveries.waiting == 0

        await until(is_sent, seconds)

    async def settled(self, seconds: float) -> None:
        """Return when Slack has nothing left to send and the app nothing left to do."""
        await self.sent(seconds)
        await self.environment.drained(seconds)

    async def everything_is_here(self) -> None:
        """Every channel is as it is in Slack, who is in it included, and so are people's titles. Nothing was given up, and Slack knows
        what became of each event."""
        stored = await stored_channels(self.environment, self.run)
        wanted = {one: _as_there(self.world.conversations[one]) for one in self.channels}
        assert stored.faults(wanted) == []
        said = {one: (shard.structured_data.get("topic"), shard.structured_data.get("purpose")) for one, shard in stored.shards.items()}
        there = {one: self.world.conversations[one] for one in self.channels}
        assert said == {one: (channel.topic.value or None, channel.purpose.value or None) for one, channel in there.items()}
        items = await self.environment.store.items("shards", self.run.tenant_id)
        people = {item["external_relationships"][0]["externalId"]: item for item in items if item.get("shardTypeId") == "c_person"}
        titles = {one: item["structuredData"].get("title") for one, item in people.items() if item["status"] == "active"}
        assert titles == {one: self.world.people[one].title or None for one in titles}
        acknowledged = {attempt.event_id for attempt in self.deliveries.ledger.calls if attempt.status == 200}
        assert self.told - acknowledged <= {one.parcel.event_id for one in self.deliveries.lost}
        dead = await asyncio.gather(*(self.environment.queue(name, dead=True) for name in self.environment.stages))
        assert [*(message for found in dead for message in found), *(await self.environment.queue("rejected-messages"))] == []

    def reads(self) -> Counter[str]:
        """How often each channel was read, by the vendor's ledger."""
        return Counter(call.channel for call in self.service.ledger.of(READS))


@asynccontextmanager
async def own_slack(folder: Path, artefact: Path, *, channels: int, window: timedelta) -> AsyncIterator[OwnSlack]:
    """A running app with a workspace in this process, which was never polled: what is here its events brought."""
    settings = {"SLACK_WINDOW_SECONDS": str(window.total_seconds())}
    async with running_environment(folder, artefact, lock_seconds=LOCK_SECONDS, settings=settings) as environment:
        environment.stages = POLLED
        run, clock = replace(environment.run, tenant_id=f"tenant-{token_hex(4)}"), Clock()
        world = PretendSlack(Random(29), clock)
        company = found_company(
            world,
            users=6,
            channels=0,
            team_id=run.team_id,
            app_id=SLACK_APP,
            signing_secret=SLACK_SIGNING_SECRET,
            bot_token=SLACK_TOKEN,
        )
        company.app.request_url = run.slack_webhook_url
        ada, *others = [person.id for person in world.people.values() if not person.is_bot]
        members = [others[0], company.installation.bot_user_id]
        made = tuple(
            world.create(run.team_id, f"channel-{number}", ada, is_private=number % 3 == 2, members=members, quietly=True).id
            for number in range(channels)
        )
        told: set[str] = set()
        world.listeners.append(lambda outgoing: told.add(outgoing.event_id))
        deliveries = Deliveries(world)
        deliveries.events_per_hour = 1_000_000
        service = SlackService(world, deliveries=deliveries)
        async with account_of(run) as account:
            await connect(run, account)
        await service.start(run.addresses.slack)
        try:
            yield OwnSlack(environment, run, clock, company, service, deliveries, made, told)
        finally:
            await service.stop()


async def a_burst_meets_a_dead_broker(slack: OwnSlack, *, count: int, per_second: int, duplicates: float = 0.0, away: float) -> None:
    """So many changes at such a pace; a third of them made, the broker is killed, and is there again after ``away`` seconds."""
    slack.deliveries.mishaps.duplicate_share = duplicates
    changing = asyncio.create_task(burst(slack.world, slack.channels, count=count, per_second=per_second))
    third = count / per_second / 3

    async def is_under_way() -> bool:
        return any(attempt.status == 200 for attempt in slack.deliveries.ledger.calls)

    await until(is_under_way, 20)
    await asyncio.sleep(third)
    await slack.environment.kill("service-bus")
    await asyncio.sleep(away)
    await slack.environment.restart("service-bus")
    await changing
    for one in slack.channels:  # whatever chance has left alone has a change of its own, and the last one
        slack.world.rename(one, f"{slack.world.conversations[one].name.partition('--')[0]}--last")
        slack.world.set_topic(one, "the last topic")
        slack.world.set_purpose(one, "the last purpose")


async def a_host_dies_in_a_read(slack: OwnSlack) -> None:
    """Somebody whom nobody has told of joins each channel; the host is killed while it reads the first, and started again."""
    stranger = slack.world.add_person(slack.run.team_id, "Nora Vale", quietly=True)
    slack.service.faults.add(Fault(at="slack", kind=Kind.DELAY, operation=READS, seconds=20, calls=1))
    for one in slack.channels:
        slack.world.join(one, stranger.id)

    async def is_read() -> bool:
        return slack.service.faults.count(Kind.DELAY) > 0

    await until(is_read, 30, poll_seconds=0.01)
    await slack.environment.kill("host")
    await slack.environment.restart("host")


def _as_there(one: Conversation) -> PretendChannel:
    return PretendChannel(one.id, one.name, one.kind is Sort.PRIVATE, one.is_archived, frozenset(one.members))
