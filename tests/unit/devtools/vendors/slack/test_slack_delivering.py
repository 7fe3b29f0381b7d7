"""How events of the pretend Slack travel: signed, tried again, limited, lost. In process, by a clock that is stepped by hand."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from devtools.faults.plan import Fault, Kind
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.shipping import Received
from devtools.vendors.slack.signing import signature
from tests.unit.devtools.vendors.slack.places import Place, place


class Receiver:
    """An app: answers what it is told to, and 200 after that."""

    def __init__(self) -> None:
        self.answers: list[Received | Exception] = []
        self.requests: list[tuple[dict[str, Any], Mapping[str, str]]] = []

    async def __call__(self, body: bytes, headers: Mapping[str, str]) -> Received:
        self.requests.append((json.loads(body), headers))
        answer = self.answers.pop(0) if self.answers else (200, {})
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def ids(self) -> list[str]:
        return [body["event_id"] for body, _ in self.requests]

    @property
    def topics(self) -> list[str]:
        return [body["event"]["topic"] for body, _ in self.requests]


@pytest.fixture
def here() -> Place:
    return place()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def deliveries(here: Place, receiver: Receiver) -> Deliveries:
    return Deliveries(here.world, send=receiver)


def topics(here: Place, count: int) -> list[str]:
    """So many changes of one event each."""
    made = here.channel()
    said = [f"{number}" for number in range(count)]
    for topic in said:
        here.world.set_topic(made.id, topic)
    return said


async def test_what_happens_is_sent_once_and_signed(here: Place, deliveries: Deliveries, receiver: Receiver) -> None:
    topics(here, 1)

    assert await deliveries.deliver_due() == 1
    [(body, headers)] = receiver.requests
    assert body == here.world.emitted[0].body
    raw = json.dumps(body, separators=(",", ":")).encode()
    assert headers["X-Slack-Signature"] == signature(here.app.signing_secret, 1772452830, raw)
    assert (headers["X-Slack-Request-Timestamp"], headers["Content-Type"], "X-Slack-Retry-Num" in headers) == (
        *("1772452830", "application/json", False),
    )
    assert (deliveries.waiting, await deliveries.deliver_due()) == (0, 0)


async def test_a_failure_is_tried_again_at_once_after_a_minute_and_after_five(
    here: Place, deliveries: Deliveries, receiver: Receiver
) -> None:
    topics(here, 1)
    receiver.answers = [(500, {}), TimeoutError(), ConnectionRefusedError(), (404, {})]

    counts = [await deliveries.deliver_due()]
    for seconds in (59, 1, 299, 1, 3600):
        here.clock.advance(seconds=seconds)
        counts.append(await deliveries.deliver_due())

    assert counts == [2, 0, 1, 0, 1, 0]
    assert len(set(receiver.ids)) == 1
    assert len({headers["X-Slack-Signature"] for _, headers in receiver.requests}) == 3  # newly signed; the first two in the same second
    numbers = [(headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")) for _, headers in receiver.requests]
    assert numbers == [(None, None), ("1", "http_error"), ("2", "http_timeout"), ("3", "connection_failed")]
    assert [(one.attempt, one.status, one.reason) for one in deliveries.ledger.calls] == [
        *[(0, 500, "http_error"), (1, None, "http_timeout"), (2, None, "connection_failed"), (3, 404, "http_error")]
    ]
    assert [(one.reason, one.parcel.type) for one in deliveries.lost] == [("retries", "message")]


async def test_an_app_can_decline_retries(here: Place, deliveries: Deliveries, receiver: Receiver) -> None:
    topics(here, 1)
    receiver.answers = [(503, {"x-slack-no-retry": "1"})]

    assert await deliveries.deliver_due() == 1
    assert [one.reason for one in deliveries.lost] == ["no_retry"]


async def test_an_answer_that_takes_too_long_is_none(here: Place, receiver: Receiver) -> None:
    async def never(body: bytes, headers: Mapping[str, str]) -> Received:
        raise TimeoutError

    deliveries = Deliveries(here.world, send=never)
    topics(here, 1)
    await deliveries.deliver_due()

    assert {one.reason for one in deliveries.ledger.calls} == {"http_timeout"}
    assert deliveries.due_at == here.clock() + timedelta(minutes=1)


async def test_duplicates_have_another_event_id_and_the_same_event(here: Place, deliveries: Deliveries, receiver: Receiver) -> None:
    deliveries.mishaps.duplicate_share = 1.0
    topics(here, 3)
    await deliveries.deliver_due()

    assert sorted(receiver.topics) == ["0", "0", "1", "1", "2", "2"]
    assert len(set(receiver.ids)) == 6


async def test_events_overtake_each_other_within_a_window(here: Place, deliveries: Deliveries, receiver: Receiver) -> None:
    deliveries.mishaps.reorder_window = 5
    deliveries.concurrency = 1
    said = topics(here, 40)
    await deliveries.deliver_due()

    assert receiver.topics != said
    assert sorted(receiver.topics, key=int) == said
    assert all(abs(place - int(topic)) <= 5 for place, topic in enumerate(receiver.topics))


async def test_events_may_come_late_or_never(here: Place, deliveries: Deliveries, receiver: Receiver) -> None:
    deliveries.mishaps.hold_share, deliveries.mishaps.hold = 1.0, timedelta(minutes=10)
    topics(here, 2)
    assert await deliveries.deliver_due() == 0
    here.clock.advance(minutes=10)
    assert await deliveries.deliver_due() == 2

    deliveries.mishaps.hold_share, deliveries.mishaps.drop_share = 0.0, 1.0
    topics(here, 2)
    deliveries.mishaps.drop_share, deliveries.loses_until = 0.0, here.clock() + timedelta(minutes=1)
    topics(here, 1)
    here.clock.advance(minutes=1)
    topics(here, 1)
    assert await deliveries.deliver_due() == 1
    assert [one.reason for one in deliveries.lost] == ["dropped"] * 3


async def test_what_is_held_goes_out_when_it_is_let_go(here: Place, deliveries: Deliveries, receiver: Receiver) -> None:
    deliveries.is_held = True
    topics(here, 3)
    assert (await deliveries.deliver_due(), deliveries.waiting) == (0, 3)
    deliveries.is_held = False
    await deliveries.settle()
    assert (len(receiver.requests), deliveries.waiting) == (3, 0)


async def test_beyond_the_hourly_limit_one_notice_a_minute_is_sent_and_the_rest_is_lost(
    here: Place, deliveries: Deliveries, receiver: Receiver
) -> None:
    deliveries.events_per_hour = 3
    topics(here, 6)
    here.clock.advance(minutes=1)
    topics(here, 2)
    await deliveries.deliver_due()

    bodies = [body for body, _ in receiver.requests]
    notices = [body for body in bodies if body["type"] == "app_rate_limited"]
    assert (len(bodies), [one["minute_rate_limited"] for one in notices]) == (5, [1772452800, 1772452860])
    assert set(notices[0]) == {"token", "type", "team_id", "minute_rate_limited", "api_app_id"}
    assert [one.reason for one in deliveries.lost] == ["rate_limited"] * 5
    here.clock.advance(minutes=59)
    topics(here, 2)
    assert await deliveries.deliver_due() == 2


async def test_an_app_that_nearly_always_fails_is_told_nothing_more(here: Place, deliveries: Deliveries, receiver: Receiver) -> None:
    deliveries.least_tries = 20
    receiver.answers = [(500, {})] * 100
    topics(here, 15)
    await deliveries.deliver_due()

    assert here.app.is_disabled
    sent = len(receiver.requests)
    assert 20 <= sent <= 30
    topics(here, 1)
    here.clock.advance(minutes=10)
    assert await deliveries.deliver_due() == 0
    assert {one.reason for one in deliveries.lost} == {"disabled"}
    deliveries.enable(here.app)
    receiver.answers.clear()
    topics(here, 1)
    assert await deliveries.deliver_due() == 1


async def test_faults_of_a_plan_strike_events_too(here: Place, receiver: Receiver) -> None:
    deliveries = Deliveries(here.world, send=receiver)
    said = {"at": "slack", "operation": "event", "calls": 1}
    deliveries.faults.add(*(Fault.model_validate(said | {"kind": kind}) for kind in (Kind.DROP, Kind.DUPLICATE)))
    deliveries.faults.add(Fault.model_validate(said | {"kind": Kind.DELAY, "seconds": 30}))
    topics(here, 4)

    await deliveries.deliver_due()
    assert sorted(receiver.topics) == ["1", "1", "3"]
    here.clock.advance(seconds=30)
    await deliveries.deliver_due()
    assert receiver.topics[-1] == "2"


async def test_a_request_url_is_verified_by_a_challenge(here: Place) -> None:
    said: list[dict[str, Any]] = []

    async def plain(body: bytes, headers: Mapping[str, str]) -> Received:
        said.append(json.loads(body))
        return 200, {}, said[-1]["challenge"].encode()

    async def as_json(body: bytes, headers: Mapping[str, str]) -> Received:
        return 200, {}, json.dumps({"challenge": json.loads(body)["challenge"]}).encode()

    async def wrong(body: bytes, headers: Mapping[str, str]) -> Received:
        return 200, {}, b"hello"

    async def broken(body: bytes, headers: Mapping[str, str]) -> Received:
        raise ConnectionResetError

    verified = [await Deliveries(here.world, send=send).verify_url(here.app) for send in (plain, as_json, wrong, broken)]

    assert verified == [True, True, False, False]
    assert set(said[0]) == {"token", "challenge", "type"}
    assert said[0]["type"] == "url_verification"


async def test_without_an_address_nothing_can_be_sent(here: Place) -> None:
    here.app.request_url = None
    deliveries = Deliveries(here.world)
    topics(here, 1)

    assert await deliveries.deliver_due() == 0
    assert [one.reason for one in deliveries.lost] == ["no_url"]


@settings(max_examples=40, deadline=None)
@given(
    answers=some.lists(some.sampled_from([200, 204, 302, 404, 500, 503])),
    duplicates=some.sampled_from([0.0, 0.4]),
    drops=some.sampled_from([0.0, 0.3]),
    window=some.integers(0, 6),
    most=some.integers(1, 30),
)
async def test_every_event_arrives_or_is_known_to_be_lost(
    answers: list[int], duplicates: float, drops: float, window: int, most: int
) -> None:
    here, receiver = place(), Receiver()
    receiver.answers = [(status, {}) for status in answers]
    deliveries = Deliveries(here.world, send=receiver)
    deliveries.events_per_hour, deliveries.mishaps.duplicate_share, deliveries.mishaps.drop_share = most, duplicates, drops
    deliveries.mishaps.reorder_window = window
    topics(here, 20)
    for minutes in (0, 1, 5):
        here.clock.advance(minutes=minutes)
        await deliveries.deliver_due()

    arrived = {json.dumps(body["event"]) for body, _ in receiver.requests if "event" in body}
    lost = {json.dumps(one.parcel.event()) for one in deliveries.lost}
    assert deliveries.waiting == 0
    assert {json.dumps(one.event) for one in here.world.emitted} <= arrived | lost
    assert max((one.attempt for one in deliveries.ledger.calls), default=0) <= 3
