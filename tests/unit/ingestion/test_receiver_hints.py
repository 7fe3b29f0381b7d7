"""What a call says that gives hints: all of it is on the queue, or a gap, before the vendor hears that it was received."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from typing_extensions import override

from devtools.fakes.samples import NOON
from devtools.fakes.transport import InMemoryTransport
from ingestion.coalescing import GRACE, TOLD_IN_A_WINDOW
from ingestion.sources.source import WebhookRequest
from shared.connections.connection import Connection
from shared.errors import DependencyUnavailable
from shared.gaps.gap import Gap, Gaps
from shared.messaging.envelope import Envelope
from shared.telemetry.names import Metric
from tests.unit.ingestion.hearing import STREAM, WINDOW, Bells, hint_of


@pytest.fixture
async def bells() -> Bells:
    bells = Bells()
    await bells.connect("bell:one")
    await bells.connect("bell:two")
    return bells


def told(record: str = "R1", *, name: str = "", **said: object) -> dict[str, object]:
    """An event, told in full."""
    return {**hint_of(record, **said), "at": NOON.isoformat(), "name": name}


def asked(bells: Bells) -> list[tuple[str, str | None, bool]]:
    """Connection, record, and whether at once, of every message that waits."""
    return [(message.connection_id, message.record, message.window_ends_at is None) for message in bells.asked()]


# Kept


async def test_a_hint_is_a_message_on_the_queue_before_the_vendor_hears_of_it(bells: Bells) -> None:
    response = await bells.ring(hint_of("R1"), hint_of("R2"))

    assert (response.status, response.body) == (200, "heard")
    assert asked(bells) == [("bell:one", "R1", True), ("bell:one", "R2", True)]


async def test_a_burst_of_calls_is_two_messages(bells: Bells) -> None:
    for _ in range(100):
        await bells.ring(hint_of())
        bells.clock.advance(seconds=0.2)

    assert asked(bells) == [("bell:one", "R1", True), ("bell:one", "R1", False)]
    assert bells.pipeline.transport.duplicates_dropped == 0
    assert bells.envelopes()[1].due_at == NOON + WINDOW + GRACE


async def test_a_burst_of_one_call_is_two_messages(bells: Bells) -> None:
    await bells.ring(*[hint_of()] * 50)

    assert asked(bells) == [("bell:one", "R1", True), ("bell:one", "R1", False)]


async def test_a_burst_at_many_receivers_is_one_read_at_once_and_one_at_the_end_of_the_window(bells: Bells) -> None:
    receivers = [bells.a_receiver() for _ in range(5)]
    for number in range(50):
        await bells.ring(hint_of(), receiver=receivers[number % 5])
        bells.clock.advance(seconds=0.2)
    assert len(bells.envelopes()) == 6

    await bells.work()

    assert bells.rooms.read == [("bell:one", "R1")] * 2


async def test_what_is_told_is_told_and_more_of_it_in_a_window_is_read_at_its_end(bells: Bells) -> None:
    for number in range(TOLD_IN_A_WINDOW + 3):
        response = await bells.ring(told=[told(name=f"name {number}")])
        assert response.status == 200

    assert [event.payload["name"] for event in bells.events() if event.payload] == [f"name {number}" for number in range(TOLD_IN_A_WINDOW)]
    assert asked(bells) == [("bell:one", "R1", False)]


async def test_what_nothing_can_be_read_for_is_told_each_time(bells: Bells) -> None:
    for number in range(20):
        await bells.ring(told=[told(name=f"name {number}", always=True)])

    assert len(bells.events()) == 20
    assert asked(bells) == []


async def test_what_may_be_lost_is_a_gap(bells: Bells) -> None:
    assert (await bells.ring(lost=[STREAM, "User"])).status == 200

    assert sorted(await bells.gaps()) == [(STREAM, "events-lost"), ("User", "events-lost")]
    assert await bells.gaps("bell:two") == []


async def test_a_revoked_account_is_paused_once_with_a_reason_for_a_person(bells: Bells) -> None:
    async def found() -> Connection:
        connection = await bells.pipeline.connections.find("bell:one")
        assert connection is not None
        return connection

    assert (await bells.ring(revoked="the app was removed", lost=[STREAM])).status == 200
    paused = await found()
    assert (paused.status, paused.paused_by, paused.paused_reason) == ("paused", "app", "the app was removed")

    assert (await bells.ring(revoked="again")).status == 200
    assert await found() == paused


async def test_a_revoked_account_without_a_credential_is_paused_and_never_tried(bells: Bells) -> None:
    """There is nothing to log in with: every half hour the same failure would be logged, for ever."""
    connection = await bells.pipeline.connections.find("bell:one")
    assert connection is not None
    await bells.pipeline.connections.replace(connection.model_copy(update={"credential": None, "next_due_at": None}))

    await bells.ring(revoked="the app was removed", lost=[STREAM])

    paused = await bells.pipeline.connections.find("bell:one")
    assert paused is not None
    assert (paused.status, paused.next_due_at) == ("paused", None)


async def test_a_call_for_a_paused_account_is_received_and_stays_a_gap(bells: Bells) -> None:
    connection = await bells.pipeline.connections.find("bell:one")
    assert connection is not None
    await bells.pipeline.connections.replace(connection.model_copy(update={"status": "paused", "paused_by": "operator"}))

    assert (await bells.ring(hint_of(), revoked="gone")).status == 200
    await bells.work()

    assert await bells.gaps() == [(STREAM, "events-lost")]
    current = await bells.pipeline.connections.find("bell:one")
    assert current is not None
    assert current.paused_by == "operator"


# Who calls


async def test_a_challenge_is_answered_and_nothing_happens(bells: Bells) -> None:
    response = await bells.ring(hint_of(), challenge="a-b-c", accounts=[])

    assert (response.status, response.body) == (200, "a-b-c")
    assert bells.pipeline.transport.sent == []
    assert bells.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, outcome="answered") == 1


async def test_the_first_handle_that_leads_to_a_connection_counts(bells: Bells) -> None:
    await bells.ring(hint_of(), accounts=["bell:nobody", "bell:two", "bell:one"])

    assert asked(bells) == [("bell:two", "R1", True)]
    assert bells.asked()[0].tenant_id == "globex"


async def test_an_account_nobody_has_connected_hears_what_the_vendor_needs_to_hear(bells: Bells) -> None:
    response = await bells.ring(hint_of(), accounts=["bell:nobody"])

    assert (response.status, response.body) == (200, "nobody")
    assert bells.pipeline.transport.sent == []
    assert bells.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, outcome="unknown caller") == 1


async def test_a_call_that_is_not_signed_rightly_is_refused_unread(bells: Bells) -> None:
    body = json.dumps({"challenge": "a-b-c", "hints": [hint_of()]}).encode()

    response = await bells.treat(WebhookRequest(body, {"content-type": "application/json", "signature": "wrong"}))

    assert (response.status, response.body) == (401, "")
    assert bells.pipeline.transport.sent == []


async def test_other_accounts_that_share_the_record_are_asked_and_told_nothing_themselves(bells: Bells) -> None:
    await bells.ring(hint_of("R1", context="EC1"), told=[told("R2", name="secret")], others=["bell:two", "bell:one", "bell:nobody"])

    assert sorted(asked(bells)) == [("bell:one", "R1", True), ("bell:two", "R1", True), ("bell:two", "R2", True)]
    assert {message.tenant_id for message in bells.asked() if message.connection_id == "bell:two"} == {"globex"}
    assert {event.tenant_id for event in bells.events()} == {"acme"}


async def test_records_of_two_streams_with_one_id_are_two_for_others_too(bells: Bells) -> None:
    await bells.ring(hint_of("R1"), {"stream": "User", "record": "R1"}, others=["bell:two"])

    assert sorted((message.connection_id, message.stream) for message in bells.asked()) == [
        ("bell:one", STREAM),
        ("bell:one", "User"),
        ("bell:two", STREAM),
        ("bell:two", "User"),
    ]


async def test_two_accounts_that_hear_of_each_other_do_not_ask_each_other_for_ever(bells: Bells) -> None:
    bells.rooms.contexts["EC1"] = ("bell:one", "bell:two")

    await bells.ring(hint_of(context="EC1"), others=["bell:two"])
    await bells.work(most=10)

    assert bells.rooms.looked_up == ["EC1"]
    assert bells.rooms.read.count(("bell:one", "R1")) == 1, "nobody told it anything that it did not know"


@pytest.mark.parametrize("changes", [{"credential": None}, {"source": "other"}], ids=str)
async def test_others_that_cannot_be_asked_are_not(bells: Bells, changes: dict[str, object]) -> None:
    other = await bells.pipeline.connections.find("bell:two")
    assert other is not None
    await bells.pipeline.connections.replace(other.model_copy(update=changes))

    await bells.ring(hint_of(), others=["bell:two"])

    assert asked(bells) == [("bell:one", "R1", True)]


# Not kept


class Broken(InMemoryTransport):
    """Takes so many messages and then goes away; of one send it may take a part."""

    def __init__(self, bells: Bells, *, takes: int) -> None:
        super().__init__(bells.clock)
        self.takes = takes

    @override
    async def send(self, *envelopes: Envelope) -> None:
        for envelope in envelopes:
            if self.takes <= 0:
                raise DependencyUnavailable("the broker is away")
            self.takes -= 1
            await super().send(envelope)
        if self.takes <= 0:
            raise DependencyUnavailable("taken, and not confirmed")


@pytest.mark.parametrize("takes", range(7))
async def test_whenever_the_broker_dies_a_call_is_not_acknowledged_and_the_retry_is_enough(bells: Bells, takes: int) -> None:
    broker = Broken(bells, takes=takes)
    bells.pipeline.start(broker)
    bells.ports = replace(bells.ports, publisher=bells.pipeline.publisher)
    receiver = bells.a_receiver()
    call = {"told": [told("R3", name="three"), told("R4", name="four")], "others": ["bell:two"]}

    first = await bells.ring(hint_of("R1"), hint_of("R2"), receiver=receiver, **call)
    broker.takes = 1_000
    bells.clock.advance(seconds=60)
    retried = await bells.ring(hint_of("R1"), hint_of("R2"), receiver=receiver, **call)
    await bells.work()

    assert (first.status, first.body, retried.status) == (503, "", 200)
    assert {("bell:one", "R1"), ("bell:one", "R2")} <= set(bells.rooms.read)
    assert {("bell:two", record) for record in ("R1", "R2", "R3", "R4")} <= set(bells.rooms.read)
    assert {"three", "four"} <= {event.payload["name"] for event in bells.events() if event.payload}


async def test_a_retry_at_once_of_a_call_that_failed_is_read_at_the_end_of_the_window_at_the_latest(bells: Bells) -> None:
    bells.pipeline.transport.fails_with = DependencyUnavailable("away")
    assert (await bells.ring(hint_of())).status == 503
    bells.pipeline.transport.fails_with = None

    assert (await bells.ring(hint_of())).status == 200
    await bells.work()

    assert bells.rooms.read == [("bell:one", "R1")]
    assert bells.clock() <= NOON + WINDOW + GRACE


async def test_a_gap_that_cannot_be_recorded_is_no_acknowledgement(bells: Bells) -> None:
    class Away(Gaps):
        @override
        async def open(self, gap: Gap) -> None:
            raise DependencyUnavailable("away")

    response = await bells.ring(lost=[STREAM], receiver=bells.a_receiver(gaps=Away()))  # type: ignore[abstract]  # it can do nothing but fail

    assert response.status == 503


async def test_a_broken_call_is_malformed_and_counts_as_nothing_heard(bells: Bells) -> None:
    assert (await bells.ring(hint_of(), broken=True)).status == 400
    assert bells.pipeline.transport.sent == []
    assert bells.pipeline.metrics.total(Metric.WEBHOOK_HEARD) == 0


# Counted


async def test_what_was_heard_is_counted_by_name_and_treatment_once_it_is_kept(bells: Bells) -> None:
    await bells.ring(hint_of(), told=[told("R2")], events=["room_renamed", "room_renamed", "other"])
    bells.pipeline.transport.fails_with = DependencyUnavailable("away")
    await bells.ring(hint_of(), events=["room_renamed"])

    metrics = bells.pipeline.metrics
    assert metrics.total(Metric.WEBHOOK_HEARD, source="bell", event="room_renamed", treatment="handled") == 2
    assert metrics.total(Metric.WEBHOOK_HEARD, source="bell", event="other") == 1
    assert metrics.total(Metric.WEBHOOK_EVENTS, source="bell") == 2


async def test_a_quiet_record_is_asked_for_at_once_again_in_every_window(bells: Bells) -> None:
    for _ in range(4):
        await bells.ring(hint_of())
        bells.clock.advance(seconds=WINDOW / timedelta(seconds=1))

    assert [at_once for _, _, at_once in asked(bells)] == [True] * 4
