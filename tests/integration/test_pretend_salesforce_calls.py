"""The pretend Salesforce against small receivers on loopback: acknowledging, refusing, answering nonsense, hanging up."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from random import Random

import pytest
from defusedxml.ElementTree import fromstring

from devtools.vendors.salesforce.__main__ import main
from devtools.vendors.salesforce.acknowledgement import Answer
from devtools.vendors.salesforce.ledger import State
from devtools.vendors.salesforce.outbound_message import Form, new_action
from devtools.vendors.salesforce.sender import OutboundMessages
from tests.integration.salesforce_receiver import OUT, SOON, Receiver, an_org, answer_of, listening

pytestmark = pytest.mark.integration


class FastClock:
    """Seconds that pass only while somebody sleeps, at once."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.seconds += seconds


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_every_acknowledged_notification_was_read_by_the_receiver() -> None:
    org, rng = an_org(), Random(5)
    ids = org.populate(accounts=120, contacts=7, opportunities=205)

    async with listening(Receiver()) as receiver, OutboundMessages(org, rng) as messages:
        for object_name, record_ids in ids.items():
            messages.notify(new_action(object_name, receiver.url, rng), record_ids)
        await messages.settled(10)

    sizes = sorted(len(call) for call in receiver.notified())
    assert sizes == [5, 7, 20, 100, 100, 100]
    assert messages.ledger.counts() == {State.WAITING: 0, State.ACKNOWLEDGED: 332, State.DROPPED: 0}
    read = {record_id for call in receiver.notified() for record_id in call}
    assert read == {messages.ledger.record_of(notification_id) for notification_id in messages.ledger.received()}
    assert {headers["Content-Type"] for headers in receiver.headers} == {"text/xml; charset=UTF-8"}
    assert {headers["SOAPAction"] for headers in receiver.headers} == {'""'}


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ((200, answer_of("false")), Answer.REFUSED),
        ((200, "<html>OK</html>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        ((200, ""), Answer.NOT_AN_ACKNOWLEDGEMENT),
        ((503, answer_of("true")), Answer.HTTP_ERROR),
        ((302, answer_of("true")), Answer.HTTP_ERROR),
        (None, Answer.NO_ANSWER),
    ],
)
async def test_what_is_no_acknowledgement_is_tried_again_until_one_comes(refusal: tuple[int, str] | None, expected: Answer) -> None:
    org, rng = an_org(), Random(5)
    account = org.create("Account")

    async with listening(Receiver([refusal, refusal])) as receiver, OutboundMessages(org, rng, schedule=SOON) as messages:
        [notification_id] = messages.notify(new_action("Account", receiver.url, rng), [account.id])
        await messages.settled(5)

    assert [delivery.answer for delivery in messages.ledger.deliveries] == [expected, expected, Answer.ACKNOWLEDGED]
    assert [delivery.attempt for delivery in messages.ledger.deliveries] == [1, 2, 3]
    assert messages.ledger.state_of(notification_id) is State.ACKNOWLEDGED
    ids = [fromstring(body).findtext(f".//{OUT}Notification/{OUT}Id") for body in receiver.bodies]
    assert ids == [notification_id] * 3


async def test_nobody_listening_is_a_failure_that_waits_and_the_timeout_says_so() -> None:
    org, rng = an_org(), Random(5)
    account = org.create("Account")
    async with listening(Receiver()) as receiver:
        url = receiver.url

    async with OutboundMessages(org, rng, schedule=SOON) as messages:
        messages.notify(new_action("Account", url, rng), [account.id])
        await until(lambda: len(messages.ledger.deliveries) > 2)
        with pytest.raises(TimeoutError, match="1 notifications still wait"):
            await messages.settled(0.01)

    assert {delivery.answer for delivery in messages.ledger.deliveries} == {Answer.NO_ANSWER}


async def test_an_answer_that_takes_too_long_is_none() -> None:
    org, rng = an_org(), Random(5)
    account = org.create("Account")
    slow = Receiver(answer_delay_seconds=30)

    async with listening(slow) as receiver, OutboundMessages(org, rng, schedule=SOON, answer_timeout_seconds=0.05) as messages:
        messages.notify(new_action("Account", receiver.url, rng), [account.id])
        await until(lambda: len(messages.ledger.deliveries) > 1)

    assert {delivery.answer for delivery in messages.ledger.deliveries} == {Answer.NO_ANSWER}


async def test_a_retry_carries_the_values_of_its_own_time() -> None:
    org, rng = an_org(), Random(5)
    account = org.create("Account", Name="Before")

    async with listening(Receiver([(503, "")])) as receiver, OutboundMessages(org, rng, schedule=SOON) as messages:
        messages.notify(new_action("Account", receiver.url, rng), [account.id])
        await until(lambda: len(receiver.bodies) == 1)
        org.edit(account.id, Name="After")
        await messages.settled(5)

    assert receiver.names() == ["Before", "After"]


async def test_a_record_deleted_meanwhile_is_still_notified_without_data() -> None:
    org, rng = an_org(), Random(5)
    account = org.create("Account")

    async with listening(Receiver()) as receiver, OutboundMessages(org, rng) as messages:
        messages.notify(new_action("Account", receiver.url, rng), [account.id])
        org.delete(account.id)
        await messages.settled(5)

    assert receiver.notified() == [["None"]]
    assert messages.ledger.deliveries[0].system_modstamp is None


async def test_after_a_day_of_refusals_a_notification_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    org, rng, clock = an_org(), Random(5), FastClock()
    ids = org.populate(accounts=2, contacts=0, opportunities=0)["Account"]

    async with (
        listening(Receiver(always=(503, ""))) as receiver,
        OutboundMessages(org, rng, clock=clock.now, sleep=clock.sleep) as messages,
    ):
        messages.notify(new_action("Account", receiver.url, rng), ids)
        await messages.settled(5)

    assert messages.ledger.counts() == {State.WAITING: 0, State.ACKNOWLEDGED: 0, State.DROPPED: 2}
    # Eleven pauses double from 5 s to 5,120 s, ten of 7,200 s fit into what is left of the day.
    assert len(receiver.bodies) == 22
    assert clock.seconds - 1_000.0 == pytest.approx(82_235.0)
    assert [(entry.message, entry.__dict__["dropped"]) for entry in caplog.records] == [("notifications dropped", 2)]


async def test_several_messages_are_in_flight_and_never_more_than_allowed() -> None:
    org, rng = an_org(), Random(5)
    ids = org.populate(accounts=12, contacts=0, opportunities=0)["Account"]

    async with (
        listening(Receiver(answer_delay_seconds=0.02)) as receiver,
        OutboundMessages(org, rng, notifications_per_message=1, messages_in_flight=4) as messages,
    ):
        messages.notify(new_action("Account", receiver.url, rng), ids)
        await messages.settled(5)

    assert receiver.most_under_way == 4


async def test_what_is_notified_later_is_sent_later() -> None:
    org, rng = an_org(), Random(5)
    first, second = org.create("Account"), org.create("Account")

    async with listening(Receiver()) as receiver, OutboundMessages(org, rng, form=Form(pretty=False)) as messages:
        action = new_action("Account", receiver.url, rng)
        messages.notify(action, [first.id])
        await messages.settled(5)
        messages.notify(action, [second.id, second.id])
        await messages.settled(5)

    assert receiver.notified() == [[first.id], [second.id, second.id]]


async def test_an_unknown_record_or_another_object_is_refused_at_once() -> None:
    org, rng = an_org(), Random(5)
    contact = org.create("Contact")
    async with OutboundMessages(org, rng) as messages:
        action = new_action("Account", "http://127.0.0.1:9/", rng)

        with pytest.raises(KeyError):
            messages.notify(action, ["001000000000000AAA"])
        with pytest.raises(ValueError, match="is for Account"):
            messages.notify(action, [contact.id])

        await messages.settled(1)


async def test_a_mistake_of_the_sender_itself_is_not_waited_out() -> None:
    org, rng = an_org(), Random(5)
    account = org.create("Account", Phone=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake

    async def send() -> None:
        async with OutboundMessages(org, rng) as messages:
            messages.notify(new_action("Account", "http://127.0.0.1:9/", rng), [account.id])
            await messages.settled(5)

    with pytest.raises(ExceptionGroup) as raised:
        await send()

    assert raised.group_contains(ValueError, match="needs its zone")


async def test_the_command_sends_a_burst_and_prints_what_was_acknowledged(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--accounts", "2", "--contacts", "1", "--opportunities", "30", "--seed", "7", "--organization-id", "00D000000000062"]

    async with listening(Receiver()) as receiver:
        exit_code = await asyncio.to_thread(main, ["--url", receiver.url, *arguments])

    printed = capsys.readouterr().out
    assert exit_code == 0
    assert "organization 00D000000000062EAA · seed 7" in printed
    assert "… and 13 more" in printed
    assert "33 notifications in 3 calls: 0 waiting, 33 acknowledged, 0 dropped" in printed
    assert sorted(map(len, receiver.notified())) == [1, 2, 30]


async def test_the_command_fails_when_something_still_waits(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening(Receiver(always=(401, ""))) as receiver:
        exit_code = await asyncio.to_thread(
            main, ["--url", receiver.url, "--accounts", "1", "--contacts", "0", "--opportunities", "0", "--timeout", "0.5"]
        )

    printed = capsys.readouterr()
    assert exit_code == 1
    assert "1 waiting, 0 acknowledged" in printed.out
    assert "failed deliveries: http error 1" in printed.out
    assert "1 notifications still wait" in printed.err
