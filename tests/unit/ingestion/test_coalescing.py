"""Which hints become messages: the first of a quiet record at once, all others of its window once, at the window's end."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.samples import NOON
from ingestion import coalescing
from ingestion.coalescing import GRACE, TOLD_IN_A_WINDOW, Asked, Coalescing, window_end
from ingestion.record_reading import CLOCKS_DIFFER
from ingestion.sources.source import Hint, Told
from shared import topology
from shared.connections.connection import Connection
from shared.settings import SlackSettings
from tests.unit.ingestion.hearing import STREAM, TENANTS, WINDOW, event_of, hint_of

HINT = Hint(STREAM, "R1", expects="joined:U1", context="EC1")
WINDOWS = st.sampled_from([0.5, 1, 7, 29.97, 30, 45, 60, 600, 900])
MOMENTS = st.integers(0, 4_000_000_000_000_000).map(lambda us: datetime.fromisoformat("1990-01-01T00:00:00Z") + timedelta(microseconds=us))


def connection(account: str = "bell:one") -> Connection:
    return Connection(id=account, tenant_id=TENANTS[account], source="bell", account=account[5:], created_at=NOON)


@pytest.fixture
def memory() -> Coalescing:
    return Coalescing(WINDOW)


def hear(memory: Coalescing, seconds: float, hint: Hint = HINT, account: str = "bell:one") -> Asked | None:
    """A hint so many seconds after noon, whose message is on the queue when this returns."""
    asked = memory.asked(hint, connection(account), NOON + timedelta(seconds=seconds))
    if asked is not None:
        memory.kept(asked)
    return asked


def test_the_first_hint_of_a_quiet_record_is_asked_for_at_once_with_all_it_says(memory: Coalescing) -> None:
    asked = hear(memory, 3)

    assert asked is not None
    assert asked.due_at is None
    message = asked.message
    assert (message.tenant_id, message.connection_id, message.stream, message.record) == ("acme", "bell:one", STREAM, "R1")
    assert (message.requested_at, message.window_ends_at) == (NOON + timedelta(seconds=3), None)
    assert (message.expects, message.context) == ("joined:U1", "EC1")
    assert message.goes_to == topology.SYNC_INBOUND


def test_the_second_hint_of_a_window_is_asked_for_at_its_end_and_the_third_is_not(memory: Coalescing) -> None:
    hear(memory, 3)
    asked = hear(memory, 4)

    assert asked is not None
    assert asked.due_at == NOON + WINDOW + GRACE
    assert (asked.message.window_ends_at, asked.message.expects, asked.message.context) == (NOON + WINDOW, None, "EC1")
    assert [hear(memory, seconds) for seconds in (4, 5, 29.999)] == [None] * 3


def test_in_the_next_window_a_hint_is_asked_for_at_once_again(memory: Coalescing) -> None:
    hear(memory, 3)
    hear(memory, 4)
    asked = hear(memory, 30)

    assert asked is not None
    assert asked.due_at is None


def test_the_end_of_a_window_is_asked_for_until_it_is_known_to_be_on_the_queue(memory: Coalescing) -> None:
    hear(memory, 3)
    lost = memory.asked(HINT, connection(), NOON + timedelta(seconds=4))
    again = hear(memory, 5)

    assert lost is not None
    assert again is not None
    assert lost.message.id == again.message.id
    assert hear(memory, 6) is None


def test_a_first_hint_that_did_not_reach_the_queue_is_asked_for_when_it_is_heard_again(memory: Coalescing) -> None:
    memory.asked(HINT, connection(), NOON)

    assert hear(memory, 1) is not None


def test_two_workers_name_the_end_of_a_window_alike_and_their_first_hints_not() -> None:
    one, other = Coalescing(WINDOW), Coalescing(WINDOW)
    firsts, ends = zip(*[(hear(memory, at), hear(memory, at + 1)) for memory, at in ((one, 3), (other, 17.5))], strict=True)

    assert len({asked.message.id for asked in firsts if asked}) == 2
    assert len({asked.message.id for asked in ends if asked}) == 1


@pytest.mark.parametrize(
    ("hint", "account"), [(Hint("User", "R1"), "bell:one"), (Hint(STREAM, "R2"), "bell:one"), (Hint(STREAM, "R1"), "bell:two")], ids=str
)
def test_another_stream_record_or_connection_is_quiet_still(memory: Coalescing, hint: Hint, account: str) -> None:
    known = [hear(memory, 3), hear(memory, 4)]
    others = [hear(memory, 5, hint, account), hear(memory, 6, hint, account)]

    assert all(others)
    assert [asked.due_at is None for asked in others if asked] == [True, False]
    assert {asked.message.id for asked in known if asked}.isdisjoint(asked.message.id for asked in others if asked)
    assert {asked.message.tenant_id for asked in others if asked} == {TENANTS[account]}


def test_a_few_events_of_a_record_are_told_and_more_of_them_in_one_window_are_one_read(memory: Coalescing) -> None:
    told = Told(event_of(connection(), {**hint_of(), "at": NOON.isoformat()}), instead=HINT)

    may = [memory.may_be_told(told, connection(), NOON) for _ in range(TOLD_IN_A_WINDOW + 2)]
    asked = memory.asked(HINT, connection(), NOON, in_a_burst=True)

    assert may == [True] * TOLD_IN_A_WINDOW + [False] * 2
    assert asked is not None
    assert asked.due_at == NOON + WINDOW + GRACE
    assert memory.may_be_told(told, connection(), NOON + WINDOW)


def test_what_nothing_can_be_read_for_is_told_however_often(memory: Coalescing) -> None:
    told = Told(event_of(connection(), {**hint_of(), "at": NOON.isoformat()}))

    assert all(memory.may_be_told(told, connection(), NOON) for _ in range(100))


def test_what_is_forgotten_is_asked_for_at_once_again(memory: Coalescing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescing, "MOST", 2)
    for record in ("R1", "R2", "R1", "R3"):  # R2 is the one that was heard of longest ago
        hear(memory, 1, Hint(STREAM, record))

    again = {record: hear(memory, 2, Hint(STREAM, record)) for record in ("R1", "R2")}

    assert again["R1"] is None, "its end of the window is asked for"
    assert again["R2"] is not None
    assert again["R2"].due_at is None


@given(WINDOWS, MOMENTS)
def test_every_moment_is_in_the_window_whose_end_it_is_given(seconds: float, at: datetime) -> None:
    window, microsecond = timedelta(seconds=seconds), timedelta(microseconds=1)
    ends_at = window_end(at, window)

    assert -microsecond <= ends_at - at <= window + microsecond
    middle = ends_at - window / 2
    assert window_end(middle, window) == ends_at, "all moments of a window have the same end"


@given(heard=st.lists(st.tuples(st.floats(0, 95), st.sampled_from(["R1", "R2"]), st.booleans()), max_size=200))
def test_a_burst_puts_two_messages_at_most_on_the_queue_for_each_record_and_window(heard: list[tuple[float, str, bool]]) -> None:
    memory, count = Coalescing(WINDOW), Counter[tuple[str, int]]()

    for seconds, record, is_told in sorted(heard):
        at, hint = NOON + timedelta(seconds=seconds), Hint(STREAM, record)
        asked = memory.asked(hint, connection(), at, in_a_burst=is_told)
        if asked is not None:
            memory.kept(asked)
            count[record, int(seconds // 30)] += 1

    assert all(number <= 2 for number in count.values())


@given(heard=st.lists(st.tuples(st.floats(0, 95), st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_whatever_fails_every_hint_that_was_kept_is_spoken_for_by_a_message_of_its_own_time(heard: list[tuple[float, bool, bool]]) -> None:
    """Also where calls overtake each other. Spoken for: a message at once that is its own, or the end of a window that it is in."""
    memory, kept = Coalescing(WINDOW), list[Asked]()

    for seconds, is_kept, is_told in heard:
        at = NOON + timedelta(seconds=seconds)
        asked = memory.asked(HINT, connection(), at, in_a_burst=is_told)
        if asked is not None and is_kept:
            memory.kept(asked)
            kept.append(asked)
        if asked is None or is_kept:
            ends_at = window_end(at, WINDOW)
            assert any(one.message.window_ends_at == ends_at or (one.due_at is None and one.message.requested_at == at) for one in kept)


def test_the_longest_window_that_may_be_set_is_well_within_what_the_queue_remembers() -> None:
    [queue] = [queue for queue in topology.QUEUES if queue.name == topology.SYNC_INBOUND]
    [longest] = [rule.le for rule in SlackSettings.model_fields["window_seconds"].metadata if hasattr(rule, "le")]

    assert timedelta(seconds=longest) + GRACE < queue.duplicate_window / 2


def test_a_read_for_a_windows_end_comes_when_all_clocks_say_that_it_is_over() -> None:
    assert GRACE > 2 * CLOCKS_DIFFER
