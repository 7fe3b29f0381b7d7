"""The rules of a run, in every order of deliveries: pages are read in order, the cursor never moves back, and nothing is left out."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.runs import (
    LEASE,
    Standing,
    advanced,
    begun,
    broken_off,
    ended,
    next_step,
    put_aside,
    standing,
    stepped,
    taken,
)
from ingestion.sources.source import Page
from shared import topology
from shared.contracts.sync import SyncKind, SyncRequested
from shared.streams.state import StreamState

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGES: Final = 5
PAGES_IN_A_STEP: Final = 2
LOCK: Final = timedelta(minutes=5)


def state_of(**said: object) -> StreamState:
    return StreamState(tenant_id="acme", connection_id="script:one", source="script", stream="Note", kind="changes").model_copy(update=said)


def asked(run: str = "r1", kind: SyncKind = "changes", *, step: int = 0, at: datetime = NOON) -> SyncRequested:
    return SyncRequested(tenant_id="acme", connection_id="script:one", stream="Note", kind=kind, run=run, requested_at=at, step=step)


def page(number: int, *, is_last: bool = False) -> Page:
    return Page((), {"page": number}, is_last)


RUNNING = begun(state_of(), asked(), at=NOON)
LATER = NOON + LEASE


@pytest.mark.parametrize(
    ("state", "message", "at", "stands"),
    [
        (state_of(), asked(), NOON, Standing.BEGINS),
        (RUNNING, asked(), NOON, Standing.IS_READ),
        (RUNNING, asked(), LATER, Standing.GOES_ON),
        (stepped(RUNNING), asked(), NOON, Standing.WAS_READ),
        (stepped(RUNNING), asked(step=1), NOON, Standing.GOES_ON),
        (ended(RUNNING, at=NOON), asked(), LATER, Standing.IS_OVER),
        (RUNNING, asked("r2", at=LATER), NOON, Standing.MUST_WAIT),
        (RUNNING, asked("r2", at=LATER), LATER, Standing.BEGINS),
        (stepped(RUNNING), asked("r2", at=LATER), NOON, Standing.BEGINS),
        (ended(RUNNING, at=NOON), asked("r2", at=LATER), NOON, Standing.BEGINS),
        (RUNNING, asked("r0", at=NOON - LEASE), LATER, Standing.IS_OVERTAKEN),
        (ended(RUNNING, at=NOON), asked("r0", at=NOON - LEASE), LATER, Standing.IS_OVERTAKEN),
        (stepped(RUNNING), asked("r0"), LATER, Standing.IS_OVERTAKEN),
        (stepped(RUNNING), asked("r2"), LATER, Standing.BEGINS),
    ],
)
def test_how_a_message_stands(state: StreamState, message: SyncRequested, at: datetime, stands: Standing) -> None:
    assert standing(state, message, at=at) is stands


def test_changes_are_put_off_until_the_moment_the_source_said() -> None:
    over = broken_off(RUNNING, "too many calls", at=NOON, is_over=True, waits_until=LATER)

    assert standing(over, asked("r2", at=NOON + timedelta(minutes=1)), at=NOON + timedelta(minutes=1)) is Standing.IS_PUT_OFF
    assert standing(over, asked("r2", at=LATER), at=LATER) is Standing.BEGINS


def test_changes_go_on_from_the_cursor_and_everything_else_from_the_start() -> None:
    known = state_of(cursor={"page": 3}, record_count=7, total_count=9)

    changes, backfill = begun(known, asked(), at=NOON), begun(known, asked(kind="backfill"), at=NOON)

    assert (changes.cursor, backfill.cursor) == ({"page": 3}, None)
    assert (changes.record_count, changes.total_count, changes.started_at) == (0, None, NOON)


def test_a_run_that_is_put_aside_is_running_and_nobody_holds_it() -> None:
    aside = put_aside(state_of(), asked(), at=NOON)

    assert (aside.is_running, aside.is_leased(NOON)) == (True, False)
    assert standing(aside, asked(), at=NOON) is Standing.GOES_ON


def test_a_page_moves_the_cursor_and_renews_the_lease_and_what_the_source_vouched_for_stays() -> None:
    vouched = Page((), {"page": 1}, is_last=False, total_count=9, covered_until=NOON)

    state = advanced(advanced(broken_off(RUNNING, "away", at=NOON, is_over=False), vouched, at=NOON), page(2), at=LATER)

    assert (state.cursor, state.lease_until, state.last_error) == ({"page": 2}, LATER + LEASE, None)
    assert (state.covered_until, state.total_count) == (NOON, 9)


def test_whoever_breaks_off_lets_the_lease_go_and_keeps_the_cursor() -> None:
    state = broken_off(advanced(RUNNING, page(2), at=NOON), "away", at=NOON, is_over=False)

    assert (state.cursor, state.lease_until, state.is_running) == ({"page": 2}, None, True)
    assert (state.last_error, state.last_status) == ("away", "partial")


def test_whoever_breaks_off_between_two_steps_leaves_the_moment_the_next_one_waits_for() -> None:
    waiting = stepped(RUNNING, waits_until=LATER)

    assert broken_off(waiting, "the broker is away", at=NOON, is_over=False).waits_until == LATER
    assert taken(waiting, at=LATER).waits_until is None


def test_the_next_step_has_an_id_of_its_own_and_goes_the_same_way() -> None:
    message = asked(kind="backfill").model_copy(update={"nudge": 7})

    following = next_step(stepped(RUNNING), message)

    assert (following.step, following.nudge, following.run) == (1, 0, message.run)
    assert following.id != message.id
    assert following.goes_to == message.goes_to == topology.SYNC_INBOUND_BULK


Action = Generator[None, None, None]


@dataclass
class Stream:
    """One stream, its store and its queue, reduced to what the rules decide. Every ``yield`` of a worker is a moment to die at."""

    kind: SyncKind
    now: datetime = NOON
    stored: tuple[int, StreamState] = (0, state_of())
    queue: list[SyncRequested] = field(default_factory=list)
    workers: list[tuple[SyncRequested, Action]] = field(default_factory=list)
    published: list[tuple[str, int]] = field(default_factory=list)
    """Run and page, as they reached the queue."""
    cursors: list[tuple[str, int]] = field(default_factory=list)
    """Run and cursor, as they were saved."""

    def start(self, message: SyncRequested) -> None:
        self.workers.append((message, self._worker(message)))

    def move(self, number: int) -> None:
        """One worker does one thing."""
        message, worker = self.workers[number]
        try:
            next(worker)
        except StopIteration:
            del self.workers[number]
        except Quicker:
            del self.workers[number]
            self.queue.append(message)

    def kill(self, number: int) -> None:
        """One worker dies: its message is delivered again."""
        message, _ = self.workers.pop(number)
        self.queue.append(message)

    def _save(self, mark: int, state: StreamState) -> int:
        if mark != self.stored[0]:
            raise Quicker
        self.stored = (mark + 1, state)
        self.cursors.append((state.run or "", place(state)))
        return mark + 1

    def _worker(self, message: SyncRequested) -> Action:
        mark, state = self.stored
        yield
        stands = standing(state, message, at=self.now)
        if stands is Standing.WAS_READ:
            self.queue.append(next_step(state, message))
        if stands is Standing.IS_READ or (stands is Standing.MUST_WAIT and self.kind != "changes"):
            raise Quicker
        if stands not in (Standing.BEGINS, Standing.GOES_ON):
            return
        state = begun(state, message, at=self.now) if stands is Standing.BEGINS else taken(state, at=self.now)
        mark = self._save(mark, state)
        for _ in range(PAGES_IN_A_STEP):
            yield
            number = place(state)
            if number < PAGES:
                self.published.append((message.run, number))
            yield
            state = advanced(state, page(min(number + 1, PAGES)), at=self.now)
            if place(state) == PAGES:
                self._save(mark, ended(state, at=self.now))
                return
            mark = self._save(mark, state)
        yield
        state = stepped(state)
        self._save(mark, state)
        yield
        self.queue.append(next_step(state, message))


class Quicker(Exception):
    """Somebody else was: the message comes back."""


def place(state: StreamState) -> int:
    return int(str((state.cursor or {}).get("page", 0)))


RUNS = st.lists(st.integers(0, 3), min_size=1, max_size=4)
"""When each run is asked for, in minutes; two may be of one moment."""
ORDERS = st.lists(st.tuples(st.sampled_from(["deliver", "repeat", "move", "move", "move", "die", "wait"]), st.integers(0, 9)), max_size=80)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(["changes", "backfill"]), runs=RUNS, orders=ORDERS)
def test_whatever_the_order_of_deliveries_and_deaths_all_pages_are_read(
    kind: SyncKind, runs: list[int], orders: list[tuple[str, int]]
) -> None:
    stream = Stream(kind)
    stream.queue = [asked(f"r{number}", kind, at=NOON + timedelta(minutes=late)) for number, late in enumerate(runs)]

    for what, number in orders:
        happen(stream, what, number)
    settle(stream)

    _, state = stream.stored
    assert not state.is_running
    assert place(state) == PAGES
    if kind == "changes":
        assert {number for _, number in stream.published} == set(range(PAGES))
        assert [number for _, number in stream.cursors] == sorted(number for _, number in stream.cursors)
    for run in {run for run, _ in stream.cursors} if kind == "backfill" else ():
        of_run = [number for one, number in stream.published if one == run]
        assert list(dict.fromkeys(of_run)) == list(range(len(set(of_run)))), "pages are read in their order"
    if kind == "backfill":
        assert {number for run, number in stream.published if run == state.run} == set(range(PAGES))
        assert state.requested_at == max(NOON + timedelta(minutes=late) for late in runs)


@settings(max_examples=150, deadline=None)
@given(runs=RUNS, orders=ORDERS)
def test_a_cursor_is_never_saved_before_the_pages_it_passes_are_on_the_queue(runs: list[int], orders: list[tuple[str, int]]) -> None:
    stream = Stream("backfill")
    stream.queue = [asked(f"r{number}", "backfill", at=NOON + timedelta(minutes=late)) for number, late in enumerate(runs)]

    for what, number in orders:
        happen(stream, what, number)
        _, state = stream.stored
        assert set(range(place(state))) <= {page for run, page in stream.published if run == state.run}


def happen(stream: Stream, what: str, number: int) -> None:
    """One thing happens."""
    match what:
        case "deliver" if stream.queue:
            stream.start(stream.queue.pop(number % len(stream.queue)))
        case "repeat" if stream.queue:
            stream.start(stream.queue[number % len(stream.queue)])
        case "move" if stream.workers:
            stream.move(number % len(stream.workers))
        case "die" if stream.workers:
            stream.kill(number % len(stream.workers))
        case "wait":
            stream.now += timedelta(minutes=number)
        case _:
            pass


def settle(stream: Stream) -> None:
    """No more deaths: everything that is on the queue is delivered, one after the other."""
    while stream.workers:
        stream.move(0)
    for _ in range(500):
        if not stream.queue:
            return
        stream.now += LOCK
        stream.start(stream.queue.pop(0))
        while stream.workers:
            stream.move(0)
    raise AssertionError("there is no end to it")
