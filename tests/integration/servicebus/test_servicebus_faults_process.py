"""The stand-in as a process with a fault plan: plans it cannot obey, a full disk, and kills in the middle of everything.

What exactly once means over the wire: a stored message, known by its sequence number, ends once. A send without an answer may be stored or
not; a completion without an answer, and one that a `duplicate` fault only said to have happened, brings the message again.
"""

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.exceptions import ServiceBusError

from devtools.emulators.servicebus.bench import body_of
from devtools.emulators.servicebus.mishaps import AT
from devtools.emulators.servicebus.server import running_broker
from devtools.faults.injector import log_beside, strikes
from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.local.ports import free_ports
from tests.integration.servicebus.faulty import BROKEN_CONNECTIONS, fault
from tests.integration.servicebus.links import CONFIG, bodies, connected, receive
from tests.integration.servicebus.test_servicebus_process import keep_sending, process

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings(BROKEN_CONNECTIONS)]


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "Config.json"
    path.write_text(json.dumps(CONFIG))
    return path


@pytest.fixture(autouse=True)
def _broken_connections_are_collected_here() -> Iterator[None]:
    yield
    gc.collect()


def planned(folder: Path, *faults: Fault, seed: int = 1) -> Path:
    path = folder / "plan.json"
    Plan(name="a test's", seed=seed, faults=faults).write(path)
    return path


# --- plans


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([fault(Kind.STALE_ETAG, "send")], "service-bus: stale-etag on send *: this stand-in can do "),
        ([fault(Kind.DISK_FULL, "journal")], "service-bus: disk-full on journal *: there is no journal without a data directory"),
    ],
)
async def test_a_plan_the_stand_in_cannot_obey_is_refused_with_one_line(
    faults: list[Fault], said: str, config_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError):  # it never says that it is ready
        async with process(config_file, "--faults", str(planned(tmp_path, *faults))):
            pass

    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith(f"service bus: {said}")


async def test_faults_of_other_stand_ins_are_not_this_ones(config_file: Path, tmp_path: Path) -> None:
    plan = planned(tmp_path, Fault(at="cosmos", kind=Kind.STALE_ETAG, calls=1))

    async with process(config_file, "--faults", str(plan)) as (broker, _):
        broker.terminate()
        assert await asyncio.wait_for(broker.wait(), 20) == 0


# --- a full disk


async def test_a_disk_that_is_full_ends_the_process_and_everything_acknowledged_is_there_after_the_next_start(
    config_file: Path, tmp_path: Path
) -> None:
    plan = planned(tmp_path, Fault(at=AT, kind=Kind.DISK_FULL, calls=1, after=60))
    arguments = ("--data", str(tmp_path / "data"), "--faults", str(plan))
    acknowledged = set[str]()

    async with process(config_file, *arguments) as (broker, connection_string):
        async with connected(connection_string) as client:
            with pytest.raises(ServiceBusError):
                await keep_sending(client, "a", acknowledged)
        assert await asyncio.wait_for(broker.wait(), 20) == 1
    gc.collect()

    async with process(config_file, *arguments) as (broker, _):  # the same plan, whose fault has happened: it goes on
        broker.terminate()
        assert await asyncio.wait_for(broker.wait(), 20) == 0
    async with running_broker(config_file, data=tmp_path / "data") as restarted:
        there = bodies(restarted, "once")
    assert len(acknowledged) == 60
    assert {*there} == acknowledged
    assert Report.read(plan).by_kind == {"disk-full": 1}


# --- kills


@dataclass
class Ledger:
    """What clients were told, by body for what was sent, by sequence number for what was received."""

    accepted: set[str] = field(default_factory=set)
    sent: int = 0
    bodies: dict[int, str] = field(default_factory=dict)
    completed: Counter[int] = field(default_factory=Counter)
    asked: set[int] = field(default_factory=set)
    """Completions that were asked for, whatever came back."""


class Clients:
    """Senders and receivers that begin again whenever something breaks."""

    def __init__(self, connection_string: str, ledger: Ledger, rng: Random) -> None:
        self.ledger = ledger
        self._connection_string = connection_string
        self._rng = rng

    async def send(self) -> None:
        while True:
            try:
                async with connected(self._connection_string) as client, client.get_queue_sender("orders") as sender:
                    while True:
                        self.ledger.sent += 1
                        body = f"m{self.ledger.sent}"
                        await sender.send_messages(ServiceBusMessage(body))
                        self.ledger.accepted.add(body)
                        await asyncio.sleep(0.005)  # receivers are slower, and what they leave has to be drained
            except ServiceBusError:
                await asyncio.sleep(0.05)

    async def receive(self) -> None:
        while True:
            try:
                async with connected(self._connection_string) as client, client.get_queue_receiver("orders") as receiver:
                    while True:
                        for message in await receiver.receive_messages(5, max_wait_time=5):
                            await self._settle(receiver, message)
            except ServiceBusError:
                await asyncio.sleep(0.05)

    async def _settle(self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage) -> None:
        number = message.sequence_number or 0
        assert self.ledger.bodies.setdefault(number, str(message)) == str(message), "a number was given twice"
        draw = self._rng.random()
        if draw < 0.1:
            await receiver.dead_letter_message(message, reason="by chance")
        elif draw < 0.2:
            await receiver.abandon_message(message)
        else:
            self.ledger.asked.add(number)
            await receiver.complete_message(message)
            self.ledger.completed[number] += 1


FAULTS = (
    Fault(at=AT, kind=Kind.DROP, operation="send", share=0.005, applied=True),
    Fault(at=AT, kind=Kind.DROP, operation="complete", share=0.01, applied=True),
    Fault(at=AT, kind=Kind.DROP, operation="complete", share=0.01),
    Fault(at=AT, kind=Kind.REFUSE, operation="send", status=503, share=0.01),
    Fault(at=AT, kind=Kind.LOCK_LOST, share=0.02),
    Fault(at=AT, kind=Kind.DUPLICATE, operation="send", share=0.02),
    Fault(at=AT, kind=Kind.DUPLICATE, operation="complete", share=0.02),
    Fault(at=AT, kind=Kind.REORDER, share=0.1),
    Fault(
        at=AT, kind=Kind.CLOCK_MOVED, operation="send", seconds=-60, share=0.05, calls=3
    ),  # further back, and clients see every lock as over
)


async def killed_again_and_again(config: Path, folder: Path, *, seed: int, kills: int, each: int) -> tuple[Ledger, Path]:
    """Clients at work while the broker is killed and started on its data, each time after some more was accepted and completed."""
    plan, [port], ledger, rng = planned(folder, *FAULTS, seed=seed), free_ports(1), Ledger(), Random(seed)
    arguments = ("--data", str(folder / "data"), "--faults", str(plan), "--port", str(port))
    work: list[asyncio.Task[None]] = []
    for kill in range(1, kills + 1):
        async with process(config, *arguments) as (broker, connection_string):
            clients = Clients(connection_string, ledger, rng)
            work = work or [asyncio.create_task(do()) for do in (clients.send, clients.send, clients.receive, clients.receive)]
            async with asyncio.timeout(60):
                while (len(ledger.accepted) < each * kill or len(ledger.completed) < each // 2 * kill) and not any(
                    it.done() for it in work
                ):
                    await asyncio.sleep(rng.random() * 0.05)
            broker.kill()
            await broker.wait()
    assert await stopped(work) == [asyncio.CancelledError] * 4
    return ledger, plan


async def stopped(work: list[asyncio.Task[None]]) -> list[type[BaseException | None]]:
    """How they end when they are cancelled, again and again: the client may swallow a cancellation that comes with an answer."""
    while going_on := [task for task in work if task.cancel()]:
        await asyncio.wait(going_on, timeout=1)
    return [type(it) for it in await asyncio.gather(*work, return_exceptions=True)]


async def drained_and_dead(config: Path, folder: Path, ledger: Ledger) -> Counter[int]:
    """Complete what is left, without faults; how often each number is in the dead-letter queue."""
    async with running_broker(config, data=folder / "data") as broker, connected(broker.connection_string) as client:
        async with client.get_queue_receiver("orders") as receiver:
            for message in await receive(receiver, broker.queue("orders").message_count):
                number = message.sequence_number or 0
                assert ledger.bodies.setdefault(number, str(message)) == str(message), "a number was given twice"
                await receiver.complete_message(message)
                ledger.completed[number] += 1
        assert broker.queue("orders").message_count == 0
        dead = broker.queue("orders/$DeadLetterQueue").peek(0, 1_000_000)
        ledger.bodies.update({entry.sequence_number: body_of(entry) for entry in dead})
        return Counter(entry.sequence_number for entry in dead)


async def every_accepted_send_ends_exactly_once(config: Path, folder: Path, *, seed: int, kills: int, each: int) -> None:
    """Killed so many times, each time after so many more messages were accepted, and half as many completed."""
    ledger, plan = await killed_again_and_again(config, folder, seed=seed, kills=kills, each=each)
    dead = await drained_and_dead(config, folder, ledger)

    struck = Counter((line["operation"], FAULTS[line["fault"]].kind) for line in strikes(log_beside(plan)))
    ended = {ledger.bodies[number] for number in ledger.asked | ledger.completed.keys() | dead.keys()}
    assert ledger.accepted - ended == set(), "lost"
    assert max(dead.values(), default=0) <= 1
    ends_too_many = sum(count - 1 for count in (ledger.completed + dead).values())
    assert ends_too_many <= struck["complete", Kind.DUPLICATE]
    copies = sum(count - 1 for count in Counter(ledger.bodies.values()).values())
    assert copies <= struck["send", Kind.DUPLICATE]
    assert struck.total() >= 10, struck


async def test_every_accepted_send_ends_exactly_once_though_the_process_is_killed_twice(config_file: Path, tmp_path: Path) -> None:
    await every_accepted_send_ends_exactly_once(config_file, tmp_path, seed=1, kills=2, each=60)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 22))
async def test_every_accepted_send_ends_exactly_once_though_the_process_is_killed_often(
    seed: int, config_file: Path, tmp_path: Path
) -> None:
    await every_accepted_send_ends_exactly_once(config_file, tmp_path, seed=seed, kills=6, each=100)
