"""Whatever the order in which receivers and workers do what they do: nothing that was acknowledged is lost, or read twice in a window.

The moves are numbers: a call comes, a message is handed to a worker or delivered twice, time passes, somebody's call of a port goes on,
fails, or ends with the process.
"""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.coalescing import window_end
from shared.contracts.sync import SyncRequested
from tests.unit.ingestion.hearing import STREAM, TENANTS, WINDOW
from tests.unit.ingestion.hint_world import World, lived, moves_of

LIVES = st.integers(0, 2**32).map(moves_of)


async def nothing_is_lost(world: World) -> None:
    assert await world.lost() == []


async def once_in_a_window(world: World) -> None:
    windows = Counter((account, stream, window_end(at, WINDOW)) for account, stream, at in world.marks)
    assert [one for one, count in windows.items() if count > 1] == []
    begun, marked = Counter(world.begun), Counter((account, stream.removeprefix(f"{STREAM}/")) for account, stream, _ in world.marks)
    assert begun == marked, "every read was written down before"


async def nobody_is_mixed_up(world: World) -> None:
    heard = {(change.account, change.record) for change in world.acknowledged} | set(world.refused)
    for event in world.bells.events():
        assert event.tenant_id == TENANTS[str(event.connection_id)]
        assert (event.connection_id, event.source_id) in heard
    for envelope in world.transport.sent:
        if envelope.queue == SyncRequested.QUEUE:
            message = SyncRequested.decode(envelope.body)
            assert message.tenant_id == TENANTS[message.connection_id] == envelope.properties["tenantId"]


@given(LIVES)
@settings(max_examples=40, deadline=None)
def test_every_change_that_was_acknowledged_is_read_after_it_or_a_gap_names_its_stream(moves: list[int]) -> None:
    lived(moves, nothing_is_lost, faults=True)


@given(LIVES, st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_where_nothing_fails_a_record_is_read_once_in_a_window_at_most_and_nothing_is_lost(moves: list[int], receivers: int) -> None:
    async def check(world: World) -> None:
        await once_in_a_window(world)
        await nothing_is_lost(world)
        assert world.refused == []

    lived(moves, check, faults=False, receivers=receivers)


@given(LIVES)
@settings(max_examples=5, deadline=None)
def test_two_tenants_never_mix(moves: list[int]) -> None:
    lived(moves, nobody_is_mixed_up, faults=False)


@pytest.mark.long
@given(LIVES)
@settings(max_examples=3_000, deadline=None)
def test_every_change_is_read_in_many_long_lives(moves: list[int]) -> None:
    lived(moves, nothing_is_lost, faults=True)


@pytest.mark.long
@given(LIVES, st.integers(1, 3))
@settings(max_examples=2_000, deadline=None)
def test_a_record_is_read_once_in_a_window_in_many_long_lives(moves: list[int], receivers: int) -> None:
    lived(moves, once_in_a_window, faults=False, receivers=receivers)


def test_the_worlds_are_worth_looking_at() -> None:
    """Lives of moves at random: changes are acknowledged and read, calls fail, time passes."""
    total = Counter[str]()

    async def check(world: World) -> None:
        total.update(acknowledged=len(world.acknowledged), seen=len(world.seen()), refused=len(world.refused), faults=world.spent_faults)
        total.update(twice=len(world.marks) - len(set(world.marks)), put_to_the_end=sum("#" in one.id for one in world.transport.sent))

    for seed in range(5):
        lived(moves_of(seed), check, faults=True)

    assert total["acknowledged"] > 40
    assert total["seen"] > 20
    assert total["refused"] > 2
    assert total["faults"] > 20
    assert total["put_to_the_end"] > 0
