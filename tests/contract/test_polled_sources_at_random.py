"""The tiny source under whatever order of changes, refusals and ticks: once all is well again, nothing is missing, extra or stale."""

from typing import Final
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.sync import SyncKind
from tests.contract.polled_vendors import Cards
from tests.contract.polled_worlds import World
from tests.contract.tiny_source import lines

HOUR_SECONDS: Final = 3600
THINGS = st.lists(
    st.tuples(
        st.sampled_from(
            ["create", "create", "edit", "delete", "undelete", "poll", "poll", "revoke", "limit", "go down", "mend", "compare", "wait"]
        ),
        st.integers(0, 9),
    ),
    max_size=40,
)


async def happen(world: World, vendor: Cards, keys: list[str], what: str, number: int) -> None:
    """One thing happens at the vendor's, or here."""
    key = keys[number % len(keys)] if keys else None
    match what:
        case "create":
            keys.append(vendor.create(f"card {number}"))
        case "edit" if key:
            vendor.edit(key, f"edited {number}")
        case "delete" if key:
            vendor.delete(key)
        case "undelete" if key:
            vendor.undelete(key)
        case "poll":
            await world.poll()
        case "revoke":
            vendor.revoke()
        case "limit":
            vendor.limit()
        case "go down":
            vendor.go_down()
        case "mend":
            vendor.mend()
        case "compare":
            await world.ask("compare")
        case "wait":
            world.pipeline.clock.advance(seconds=number * 120)


@settings(max_examples=60, deadline=None)
@given(things=THINGS, most=st.integers(1, 4))
async def test_once_all_is_well_again_everything_is_there(things: list[tuple[str, int]], most: int) -> None:
    vendor = Cards()
    vendor.serve(most)
    keys: list[str] = []
    with patch("shared.conversions.registry.CONVERSIONS", lines.CONVERSIONS):
        async with World(vendor) as world:
            for what, number in things:
                await happen(world, vendor, keys, what, number)
            vendor.mend()
            for _ in range(4):  # a probe after half an hour, what waits for the source, what stalled
                world.pipeline.clock.advance(seconds=HOUR_SECONDS)
                await world.poll()

            connection = await world.pipeline.connections.find(world.connection.id)
            assert connection is not None
            assert connection.status == "active"
            found = await world.compare()
            assert (found.missing, found.extra, found.stale, found.pending) == (0, 0, 0, 0)
            assert found.vendor_count == len(vendor.living())
            kinds: list[SyncKind] = ["changes", "backfill"]
            for kind in kinds:
                state = await world.pipeline.states.read(connection, vendor.stream, kind)
                assert (state.is_running, state.last_status) == (False, "success")
