"""From an event of Slack's to the shard, and what is asked of Slack for it: paced as on a quiet day, and in bursts.

One host has the functions from the webhook to the shard; what follows the shard is off, and stays on its queue. The pretend Slack is in
this process, with the vendor's limits. Its channels are known to the app by one event each, sent before: a change is a change.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks import bench
from benchmarks.answers import DUPLICATES, WEBHOOK, fire, only, percentiles
from benchmarks.bench import Bench
from benchmarks.measurement import say
from benchmarks.slack_beside import SlackBeside, Workspace
from devtools.local.organization import TENANT
from devtools.vendors.slack.api.ledger import Call
from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.shipping import Parcel
from devtools.vendors.slack.stories import change_something
from ingestion.coalescing import window_end
from shared import topology
from shared.settings import SlackSettings
from shared.shards.ids import ShardId, shard_id

FUNCTIONS: Final = (WEBHOOK, "sync-inbound-worker", "normalization-processor")
MIXES: Final = ("quiet", "burst", "storm")
"""Each has a workspace of its own, after that of the paced events: Slack counts calls by workspace, and so do we."""
JOINED: Final = 2
"""The app's bot is in the channels of the burst."""
QUEUES: Final = (topology.INGESTION_EVENTS, topology.SYNC_INBOUND)
PER_SECOND: Final = 5
READ_OF: Final = 8
"""One event in so many is read: 37 a minute, of the 50 that Slack allows."""
WARMING_PER_SECOND: Final = 40
WARMING_READS: Final = 3
BURST_PER_SECOND: Final = 500
AT_ONCE: Final = 20
"""Calls that Slack has open at us."""
TIMEOUT_SECONDS: Final = 200.0
LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Sizes:
    """Events of each kind; channels of the burst."""

    paced: int
    quiet: int
    burst: int
    burst_channels: int
    storm: int


async def measure(sizes: Sizes) -> dict[str, Any]:
    """Milliseconds to the shard, and Slack's ledger by mix.

    Raises:
        RuntimeError: an event was not answered with 200, not stored or not read in time.
    """
    slack = SlackBeside(sizes.paced, sizes.quiet, sizes.burst_channels, 1, joined=(JOINED,))
    async with (
        SlackService(slack.world) as service,
        bench.standing(settings=slack.settings(service.url), hosts={"live": only(*FUNCTIONS)}) as ours,
    ):
        await slack.connect(ours.run, service.url)
        await ours.children.start_host()
        await _become_known(ours, slack)
        paced = await _paced(ours, slack)
        service.ledger.clear()
        mixes = await _mixes(ours, slack, service, sizes)
    return {"paced": {"events": sizes.paced, "per_second": PER_SECOND, **paced}, "mixes": mixes}


async def _become_known(ours: Bench, slack: SlackBeside) -> None:
    """People of all workspaces and channels of the first: what is measured is a change of what is there. A few are read, too."""
    people = [person for one in slack.workspaces for person in one.people]
    say(f"webhook: {len(people)} people and {len(slack.calm.channels)} channels become known")
    with slack.told() as told:
        for person in people:
            slack.world.change_person(person, title="Partner")
        for channel in slack.calm.channels:
            slack.world.rename(channel, f"known-{channel.lower()}")
        for channel in slack.calm.channels[1 : 1 + WARMING_READS]:
            slack.come_or_go(channel, slack.calm.people[1])
    await fire(ours.run.addresses.host, slack, [Parcel.of(one).body for one in told], per_second=WARMING_PER_SECOND)
    await _until(lambda: not ours.waiting(*QUEUES), "an event is still on its way")


async def _paced(ours: Bench, slack: SlackBeside) -> dict[str, Any]:
    channels = slack.calm.channels
    say(f"webhook: {len(channels)} events to the shard, {PER_SECOND}/s")
    person = slack.calm.people[0]
    read = channels[::READ_OF]
    with slack.told() as told:
        for channel in channels:
            if channel in read:
                slack.come_or_go(channel, person)
            else:
                slack.world.rename(channel, f"renamed-{channel.lower()}")
    answers = await fire(ours.run.addresses.host, slack, [Parcel.of(one).body for one in told], per_second=PER_SECOND)
    called = {one.channel: answers["began"] + number / PER_SECOND for number, one in enumerate(told)}
    taken: dict[str, float] = {}

    def all_stored() -> bool:
        stored = _stored_at(ours.children.folder / "logs" / "live.log")
        for channel, at in called.items():
            later = [moment for moment in stored.get(_shard(slack.calm.team_id, channel), ()) if moment >= at]
            if later:
                taken[channel] = 1000 * (min(later) - at)
        return taken.keys() == called.keys()

    await _until(all_stored, "an event was not stored")
    return {
        "read": {"events": len(read), **percentiles([taken[one] for one in read])},
        "carried": {"events": len(called) - len(read), **percentiles([taken[one] for one in called.keys() - set(read)])},
    }


async def _mixes(ours: Bench, slack: SlackBeside, service: SlackService, sizes: Sizes) -> dict[str, Any]:
    """All three beside each other."""
    _, quiet, burst, storm = slack.workspaces
    slack.app.request_url = ours.run.webhook_url.partition("/webhooks/")[0] + "/webhooks/slack"
    deliveries = Deliveries(slack.world, concurrency=AT_ONCE)
    delivering = asyncio.create_task(deliveries.run())
    say(f"webhook: {sizes.quiet} quiet events, a burst of {sizes.burst}, a storm of {sizes.storm}")
    began = time.monotonic()
    try:
        async with asyncio.TaskGroup() as mixes:
            mixes.create_task(_quiet(slack, quiet))
            mixes.create_task(_bursts(slack, deliveries, burst, storm, sizes))
        await _until(lambda: not deliveries.waiting, "an event is yet to be delivered")
        say("webhook: all is told; what is to be read is read")
        await _until(lambda: not ours.waiting(*QUEUES), "something is still to be read")
    finally:
        delivering.cancel()
        await deliveries.close()
    seconds = time.monotonic() - began
    if deliveries.lost:
        raise RuntimeError(f"{len(deliveries.lost)} events were lost")
    told = Counter(attempt.team_id for attempt in deliveries.ledger.calls)
    places = zip(MIXES, (quiet, burst, storm), strict=True)
    figures = {name: _figures(one, told[one.team_id], service.ledger.calls) for name, one in places}
    return {"seconds": round(seconds, 1), "refused": service.ledger.errors(), "duplicates": DUPLICATES, **figures}


async def _quiet(slack: SlackBeside, workspace: Workspace) -> None:
    for number, channel in enumerate(workspace.channels):
        match number % 4:
            case 0:
                slack.world.archive(channel)
            case 1:
                slack.come_or_go(channel, workspace.people[0])
            case _:
                slack.world.rename(channel, f"renamed-{channel.lower()}")
        await asyncio.sleep(1 / PER_SECOND)


async def _bursts(slack: SlackBeside, deliveries: Deliveries, burst: Workspace, storm: Workspace, sizes: Sizes) -> None:
    deliveries.mishaps.duplicate_share = DUPLICATES
    await _at_a_rate(slack, sizes.burst, burst.team_id, lambda _: change_something(slack.world, burst.channels))
    deliveries.mishaps.duplicate_share = 0.0
    people, [channel] = storm.people, storm.channels
    await _at_a_rate(slack, sizes.storm, storm.team_id, lambda number: slack.come_or_go(channel, people[number % len(people)]))


async def _at_a_rate(slack: SlackBeside, count: int, team_id: str, act: Callable[[int], object]) -> None:
    """So many events of one workspace. A change may be one, or several, or none."""
    began, acts = time.monotonic(), 0
    with slack.told() as told:
        while (events := sum(one.team_id == team_id for one in told)) < count:
            await asyncio.sleep(max(0.0, began + events / BURST_PER_SECOND - time.monotonic()))
            act(acts)
            acts += 1


def _figures(workspace: Workspace, events: int, calls: Sequence[Call]) -> dict[str, Any]:
    ours = [call for call in calls if call.team == workspace.team_id]
    by_operation = Counter(call.operation for call in ours)
    return {
        "events": events,
        "calls": dict(sorted(by_operation.items())),
        "calls_per_1000": round(1000 * len(ours) / events, 1),
        "reads_of_a_channel_in_a_window_most": _most_in_a_window(ours),
    }


def _most_in_a_window(calls: Sequence[Call]) -> int:
    window = timedelta(seconds=SlackSettings().window_seconds)
    reads = Counter((call.channel, window_end(call.at, window)) for call in calls if call.operation == "conversations.info")
    return max(reads.values(), default=0)


async def _until(is_so: Callable[[], bool], else_: str) -> None:
    give_up_at = time.monotonic() + TIMEOUT_SECONDS
    while not is_so():
        if time.monotonic() > give_up_at:
            raise RuntimeError(else_)
        await asyncio.sleep(LOOK_SECONDS)


def _shard(team_id: str, channel: str) -> ShardId:
    return shard_id(tenant_id=TENANT, system="slack", scope=team_id, record_type="Channel", external_id=channel)


def _stored_at(log: Path) -> Mapping[str, Sequence[float]]:
    """Shards by the log of a host → when each was stored, seconds since 1970."""
    found: dict[str, list[float]] = {}
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
        if '"message handled"' in line and line.endswith("}\n"):
            said = json.loads(line)
            if said.get("outcome") == "stored" and "shard" in said:
                found.setdefault(said["shard"], []).append(datetime.fromisoformat(said["time"]).timestamp())
    return found
