"""The pretend Salesforce without a network: answers, schedule, queue, fault plan, ledger and command line."""

from collections.abc import Iterable

import pytest

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind
from devtools.vendors.salesforce.__main__ import main
from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from devtools.vendors.salesforce.backlog import Backlog, Pending, RetrySchedule
from devtools.vendors.salesforce.faults import ABILITIES, no_faults
from devtools.vendors.salesforce.ledger import Delivery, Ledger, State
from devtools.vendors.salesforce.outbound_message import Action
from tests.unit.devtools.pretend_salesforce.invented import an_action


def soap(ack: str, *, response: str = "notificationsResponse", namespace: str = "http://soap.sforce.com/2005/09/outbound") -> bytes:
    content = f'<{response} xmlns="{namespace}">{ack}</{response}>'
    return f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{content}</e:Body></e:Envelope>'.encode()


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, soap("<Ack>true</Ack>"), Answer.ACKNOWLEDGED),
        (200, soap("<Ack> 1\n</Ack>"), Answer.ACKNOWLEDGED),
        (200, soap("<Ack>false</Ack>"), Answer.REFUSED),
        (200, soap("<Ack>yes</Ack>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack/>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap(""), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack>true</Ack>", response="notifications"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack>true</Ack>", namespace="urn:other"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack xmlns=''>true</Ack>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack>true</Ack>").replace(b"/soap/envelope/", b"/soap/other/"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b"<!DOCTYPE a>" + soap("<Ack>true</Ack>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b'<?xml version="1.0" encoding="no-such"?><a/>', Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b"OK", Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b"", Answer.NOT_AN_ACKNOWLEDGEMENT),
        (202, soap("<Ack>true</Ack>"), Answer.HTTP_ERROR),
        (503, b"", Answer.HTTP_ERROR),
    ],
)
def test_only_a_soap_acknowledgement_with_200_counts(status: int, body: bytes, answer: Answer) -> None:
    assert answer_to(status, body) is answer


def test_pauses_grow_from_seconds_to_two_hours() -> None:
    schedule = RetrySchedule()

    assert [schedule.pause_seconds(tries) for tries in (1, 2, 3, 11, 12, 10_000)] == [5, 10, 20, 5120, 7200, 7200]


def pending(name: str, action: Action) -> Pending:
    return Pending(name, action, "001", notified_at=0.0)


def names(taken: Iterable[Pending]) -> list[str]:
    return [one.notification_id for one in taken]


def test_a_message_takes_due_notifications_of_one_action_and_actions_take_turns() -> None:
    backlog = Backlog(no_faults())
    accounts, contacts = an_action("Account"), an_action("Contact")
    for number in range(5):
        backlog.add(pending(f"a{number}", accounts), due_at=0.0)
        backlog.add(pending(f"c{number}", contacts), due_at=0.0)
    backlog.add(pending("later", accounts), due_at=60.0)

    batches = [names(backlog.take(10.0, limit=3)) for _ in range(5)]

    assert batches == [["a0", "a1", "a2"], ["c0", "c1", "c2"], ["a3", "a4"], ["c3", "c4"], []]
    assert backlog.seconds_until_due(10.0) == 50.0
    assert names(backlog.take(60.0, limit=3)) == ["later"]
    assert backlog.seconds_until_due(60.0) is None
    assert len(backlog) == 0


def test_a_reordering_plan_takes_everything_once_in_an_order_its_seed_decides() -> None:
    orders = []
    for seed in (1, 1, 2):
        faults = Injector("salesforce", ABILITIES, faults=[Fault(at="salesforce", kind=Kind.REORDER, share=0.9)], seed=seed)
        backlog = Backlog(faults)
        for number in range(20):
            backlog.add(pending(str(number), an_action()), due_at=0.0)
        orders.append([name for _ in range(10) for name in names(backlog.take(0.0, limit=2))])
        assert faults.count(Kind.REORDER) > 0

    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0], key=int) == [str(number) for number in range(20)]


def test_only_notifications_of_the_planned_object_are_reordered() -> None:
    faults = Injector("salesforce", ABILITIES, faults=[Fault(at="salesforce", kind=Kind.REORDER, target="Contact", share=1.0)])
    backlog = Backlog(faults)
    for number in range(4):
        backlog.add(pending(f"a{number}", an_action("Account")), due_at=0.0)
    taken = names(backlog.take(0.0, limit=4))
    for number in range(4):
        backlog.add(pending(f"c{number}", an_action("Contact")), due_at=0.0)

    assert taken == ["a0", "a1", "a2", "a3"]
    assert names(backlog.take(0.0, limit=4))[0] != "c0"
    assert faults.count(Kind.REORDER) == 3


def test_the_ledger_tells_what_the_receiver_got_from_what_the_sender_heard() -> None:
    ledger = Ledger()
    for number, answer in enumerate((Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGEMENT_LOST, Answer.HTTP_ERROR)):
        ledger.notified(f"04l{number}", f"001{number}")
        ledger.delivered(Delivery(number, f"04l{number}", f"001{number}", "Account", "04k", 1, None, answer, 200))
    ledger.dropped("04l2")

    assert ledger.received() == {"04l0", "04l1"}
    assert ledger.counts() == {State.WAITING: 1, State.ACKNOWLEDGED: 1, State.DROPPED: 1}
    assert ledger.notification_ids(State.DROPPED) == ["04l2"]
    assert (ledger.record_of("04l1"), ledger.attempts("04l1")) == ("0011", 1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--url", "ftp://example.com"], "not an http or https address"),
        (["--url", "http://127.0.0.1:9/", "--accounts", "-1"], "cannot be negative"),
        (["--url", "http://127.0.0.1:9/", "--organization-id", "00D000000000062AAA"], "check characters are wrong"),
        (["--url", "http://127.0.0.1:9/", "--organization-id", "001A0000006Vm9r"], "starts with 00D"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_arguments(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
