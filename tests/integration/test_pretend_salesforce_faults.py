"""What the pretend Salesforce does wrong on command, as its receiver sees it."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.vendors.salesforce.__main__ import main
from devtools.vendors.salesforce.acknowledgement import Answer
from devtools.vendors.salesforce.faults import ABILITIES
from devtools.vendors.salesforce.ledger import State
from devtools.vendors.salesforce.outbound_message import new_action
from devtools.vendors.salesforce.sender import OutboundMessages
from tests.integration.salesforce_receiver import SOON, Receiver, an_org, listening

pytestmark = pytest.mark.integration


def fault(kind: Kind, **said: Any) -> Fault:
    return Fault(at="salesforce", kind=kind, operation="outbound-message", target="Account", **said)


async def sent_under(*faults: Fault, accounts: int, seed: int = 0) -> tuple[OutboundMessages, Receiver, list[str], Injector]:
    """So many accounts in a call each, one after the other, until everything is acknowledged."""
    org, rng = an_org(), Random(5)
    ids = org.populate(accounts=accounts, contacts=0, opportunities=0)["Account"]
    injector = Injector("salesforce", ABILITIES, faults=faults, seed=seed)
    async with (
        listening(Receiver()) as receiver,
        OutboundMessages(org, rng, schedule=SOON, faults=injector, notifications_per_message=1, messages_in_flight=1) as messages,
    ):
        messages.notify(new_action("Account", receiver.url, rng), ids)
        await messages.settled(30)
    return messages, receiver, ids, injector


async def test_a_lost_acknowledgement_is_a_second_delivery_of_what_was_received() -> None:
    messages, receiver, ids, injector = await sent_under(fault(Kind.DROP, applied=True, calls=1), accounts=3)

    calls = Counter(record_id for call in receiver.notified() for record_id in call)
    assert calls == {ids[0]: 2, ids[1]: 1, ids[2]: 1}
    assert messages.ledger.answers() == {Answer.ACKNOWLEDGED: 3, Answer.ACKNOWLEDGEMENT_LOST: 1}
    assert messages.ledger.counts()[State.ACKNOWLEDGED] == 3
    assert injector.count(Kind.DROP) == 1


async def test_a_call_that_never_left_is_made_again() -> None:
    messages, receiver, ids, injector = await sent_under(fault(Kind.DROP, calls=2), accounts=3)

    assert sorted(record_id for call in receiver.notified() for record_id in call) == sorted(ids)
    assert messages.ledger.answers() == {Answer.ACKNOWLEDGED: 3, Answer.NO_ANSWER: 2}
    assert injector.count(Kind.DROP) == 2


async def test_a_duplicated_call_is_received_twice() -> None:
    messages, receiver, ids, injector = await sent_under(fault(Kind.DUPLICATE, calls=1, after=1), accounts=3)

    assert receiver.notified() == [[ids[0]], [ids[1]], [ids[1]], [ids[2]]]
    assert receiver.bodies[1] == receiver.bodies[2]
    assert messages.ledger.answers() == {Answer.ACKNOWLEDGED: 4}
    assert injector.count(Kind.DUPLICATE) == 1


async def test_a_delayed_call_leaves_later() -> None:
    began = asyncio.get_running_loop().time()

    _, receiver, ids, injector = await sent_under(fault(Kind.DELAY, seconds=0.2, calls=1), accounts=2)

    assert asyncio.get_running_loop().time() - began >= 0.2
    assert receiver.notified() == [[ids[0]], [ids[1]]]
    assert injector.count(Kind.DELAY) == 1


async def test_reordered_notifications_are_all_delivered_in_another_order() -> None:
    _, receiver, ids, injector = await sent_under(fault(Kind.REORDER, share=1.0), accounts=30)

    delivered = [call[0] for call in receiver.notified()]
    assert delivered != ids
    assert sorted(delivered) == sorted(ids)
    assert injector.count(Kind.REORDER) == 29


async def test_the_faults_of_one_call_are_drawn_apart() -> None:
    faults = (
        fault(Kind.DROP, applied=True, calls=1),
        fault(Kind.DUPLICATE, calls=1, after=1),
        fault(Kind.DELAY, seconds=0.02, calls=1, after=2),
    )

    messages, receiver, ids, injector = await sent_under(*faults, accounts=4)

    assert injector.fired == dict.fromkeys(faults, 1)
    assert sorted(record_id for call in receiver.notified() for record_id in call) == sorted(
        [ids[0], ids[0], ids[1], ids[1], ids[2], ids[3]]
    )
    assert messages.ledger.answers() == {Answer.ACKNOWLEDGED: 5, Answer.ACKNOWLEDGEMENT_LOST: 1}


async def test_the_seed_decides_which_calls_meet_a_fault_and_the_same_seed_decides_the_same() -> None:
    answers = []
    for seed in (1, 1, 2):
        messages, *_ = await sent_under(fault(Kind.DROP, applied=True, share=0.4), accounts=20, seed=seed)
        answers.append([delivery.answer for delivery in messages.ledger.deliveries][:20])

    assert answers[0] == answers[1] != answers[2]
    assert set(answers[0]) == {Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGEMENT_LOST}


@pytest.mark.parametrize("jump_seconds", [7200.0, -7200.0])
def test_records_are_saved_by_the_moved_clock_from_then_on(jump_seconds: float) -> None:
    moved = Fault(at="salesforce", kind=Kind.CLOCK_MOVED, seconds=jump_seconds, calls=1, after=1, operation="save")
    org = an_org(lambda: datetime(2026, 3, 2, 12, tzinfo=UTC), faults=Injector("salesforce", ABILITIES, faults=[moved]))

    before, after, later = org.create("Account"), org.create("Account"), org.create("Contact")

    assert before.fields["CreatedDate"] == datetime(2026, 3, 2, 12, tzinfo=UTC)
    hour = 14 if jump_seconds > 0 else 10
    assert after.system_modstamp == after.fields["CreatedDate"] == later.system_modstamp == datetime(2026, 3, 2, hour, tzinfo=UTC)
    assert org.edit(before.id, Phone="1").system_modstamp == datetime(2026, 3, 2, max(hour, 12), tzinfo=UTC)


async def test_the_command_obeys_a_plan_and_writes_down_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.json"
    faults = fault(Kind.DUPLICATE, calls=1), Fault(at="salesforce", kind=Kind.CLOCK_MOVED, seconds=3600, calls=1, target="Contact")
    Plan(name="twice, and an hour later", seed=3, faults=faults).write(plan)

    async with listening(Receiver()) as receiver:
        arguments = ["--url", receiver.url, "--seed", "7", "--accounts", "2", "--contacts", "1", "--opportunities", "0"]
        exit_code = await asyncio.to_thread(main, [*arguments, "--faults", str(plan)])

    assert exit_code == 0
    assert "3 notifications in 2 calls" in capsys.readouterr().out
    assert sorted(map(len, receiver.notified())) == [1, 2, 2]
    assert Report.read(plan).by_kind == {"duplicate": 1, "clock-moved": 1}
