"""How soon the Slack webhook answers under load, beside a function that only answers: the same host, the same calls, in turns.

An answer of ours means that the event is on the queue. Calls come by the clock, whatever became of those before, from a process of their
own (``benchmarks/volley.py``). The app's other functions are off: what they would do with the messages is not what a caller waits for, and
on a plan that scales each function alone they have cores of their own.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.measurement import ROOT, python, say
from benchmarks.slack_beside import SlackBeside
from benchmarks.volley import Order
from devtools.local.child import Child
from devtools.local.ports import free_ports
from shared import topology

WEBHOOK: Final = "ingestion-slack-webhook"
BARE, APART, BURST = "bare", "apart", "burst"
ROUNDS: Final = 3
SECONDS: Final = 4.0
BURST_CHANNELS: Final = 50
DUPLICATES: Final = 0.1
NOWHERE: Final = "http://127.0.0.1:9"
"""Nothing is asked of Slack here."""


def only(*functions: str) -> dict[str, str]:
    """The settings of a host that has these functions alone."""
    sources = (ROOT / package / "functions.py" for package in ("ingestion", "processors"))
    names = [name for source in sources for name in re.findall(r'function_name\("([^"]+)"\)', source.read_text(encoding="utf-8"))]
    return {f"AzureWebJobs.{name}.Disabled": "true" for name in names if name not in functions}


@dataclass(frozen=True)
class _Host:
    port: int
    child: Child


@dataclass(frozen=True)
class Spell:
    """One turn of one of them."""

    took_ms: Sequence[float]
    late_ms: float
    """By how much whoever called was late itself, at most."""
    processor_seconds: float
    """The host's."""
    sends: int
    messages: int


@dataclass
class Spells:
    """All turns of one of them."""

    all: list[Spell] = field(default_factory=list)

    def add(self, spell: Spell) -> None:
        """One more."""
        self.all.append(spell)

    @property
    def events(self) -> int:
        return sum(len(one.took_ms) for one in self.all)

    @property
    def messages(self) -> int:
        return sum(one.messages for one in self.all)

    def figures(self) -> dict[str, Any]:
        """For the page."""
        return {
            "events": self.events,
            **percentiles([taken for one in self.all for taken in one.took_ms]),
            "p99_ms_by_round": [percentiles(one.took_ms)["p99_ms"] for one in self.all],
            "host_processor_us": round(1e6 * sum(one.processor_seconds for one in self.all) / self.events),
            "sends_per_event": round(sum(one.sends for one in self.all) / self.events, 3),
            "messages_per_event": round(self.messages / self.events, 3),
            "caller_late_ms_most": max(one.late_ms for one in self.all),
        }


async def measure(*, per_second: int) -> dict[str, Any]:
    """``per_second``: how many events.

    Raises:
        RuntimeError: one was not answered with 200.
    """
    count = int(per_second * SECONDS)
    slack = SlackBeside((ROUNDS + 1) * count + BURST_CHANNELS)
    channels = iter(slack.calm.channels)
    few = list(islice(channels, BURST_CHANNELS))
    spells = {name: Spells() for name in (BARE, APART, BURST)}
    async with bench.standing(settings=slack.settings(NOWHERE)) as ours, _hosts(ours) as hosts:
        await slack.connect(ours.run, NOWHERE)
        for number in range(ROUNDS + 1):  # the first of them warms
            say(f"webhook: {per_second} events/s, {f'round {number} of {ROUNDS}' if number else 'to warm'}")
            apart = slack.apart(list(islice(channels, count)))
            burst = slack.burst(few, count, duplicates=DUPLICATES)
            for name, bodies in ((BARE, apart), (APART, apart), (BURST, burst)):
                spell = await _spell(ours, hosts[BARE if name == BARE else WEBHOOK], slack, bodies, per_second)
                if number:
                    spells[name].add(spell)
    missing = max(0, spells[APART].events - spells[APART].messages)
    return {
        "per_second": per_second,
        "seconds": SECONDS,
        "rounds": ROUNDS,
        "burst_channels": BURST_CHANNELS,
        "duplicates": DUPLICATES,
        "missing": missing,
        **{name: one.figures() for name, one in spells.items()},
    }


def percentiles(taken: Sequence[float]) -> dict[str, float]:
    """Of milliseconds."""
    ordered = sorted(taken)
    places = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    return {name: round(ordered[int(len(ordered) * place)], 2) for name, place in places.items()} | {"most_ms": round(ordered[-1], 2)}


async def fire(port: int, slack: SlackBeside, bodies: Sequence[bytes], *, per_second: float) -> dict[str, Any]:
    """Send these, one after the other by the clock.

    Raises:
        RuntimeError: one was not answered with 200.
    """
    moments = [number / per_second for number in range(len(bodies))]
    order = Order(port, moments, slack.requests(bodies, port))
    command = (python(), "-m", "benchmarks.volley")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    try:
        printed, _ = await process.communicate(order.written())
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    answers: dict[str, Any] = json.loads(printed)
    if answers["statuses"] != {"200": len(bodies)}:
        raise RuntimeError(f"events were answered with {answers['statuses']}")
    return answers


async def _spell(ours: Bench, host: _Host, slack: SlackBeside, bodies: Sequence[bytes], per_second: int) -> Spell:
    used, bus, queued = bench.processor_seconds_of(host.child.pid), await ours.bus_operations(), _messages(ours)
    answers = await fire(host.port, slack, bodies, per_second=per_second)
    return Spell(
        took_ms=answers["took_ms"],
        late_ms=answers["sent_late_ms"],
        processor_seconds=bench.processor_seconds_of(host.child.pid) - used,
        sends=int(bench.since(bus, await ours.bus_operations()).get("send", 0)),
        messages=_messages(ours) - queued,
    )


def _messages(ours: Bench) -> int:
    enqueued = ours.enqueued()
    return sum(enqueued.get(queue, 0) for queue in (topology.INGESTION_EVENTS, topology.SYNC_INBOUND))


@asynccontextmanager
async def _hosts(ours: Bench) -> AsyncIterator[dict[str, _Host]]:
    """Ours with the webhook alone, and the bare one. What they log goes to files, and through nobody's hands."""
    apps = {BARE: ROOT / "benchmarks" / "bare_app", WEBHOOK: ROOT}
    async with AsyncExitStack() as started:
        hosts = {}
        for (name, app), port in zip(apps.items(), free_ports(len(apps)), strict=True):
            log = ours.children.folder / "logs" / f"{name}.log"
            command = [python(), "-m", "devtools.host", "--app", str(app), "--port", str(port), "--log", str(log)]
            environment = {**ours.children.settings, **only(WEBHOOK), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
            child = await Child.start(name, command, ready="host: ready", log=log.with_suffix(".out"), environment=environment)
            started.push_async_callback(child.stop)
            hosts[name] = _Host(port, child)
        yield hosts
