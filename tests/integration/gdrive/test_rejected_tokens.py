"""A page token that is not accepted any more is never "begin at now and go on": it is a gap, and a comparison that closes it."""

import pytest

from devtools.fakes.polled_drive import ADA
from shared.errors import DependencyUnavailable
from tests.integration.gdrive.conftest import Sales
from tests.integration.gdrive.worlds import ADAS, Wire, Workspace


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_rejected_token_of_a_person_is_a_gap_and_a_comparison(world: Workspace, status: int) -> None:
    missed = world.drive.create_file("missed.txt", by=ADA)
    world.google.reject_tokens(status=status)
    run = await world.read(ADAS)
    assert (run.gaps, run.asks, run.events) == (["changes-not-retained"], {(ADAS, "compare")}, [])
    assert run.pages[-1].covered_until is None
    after = world.drive.create_file("after.txt", by=ADA)
    assert (await world.read(ADAS)).files.keys() == {after.id}
    await world.repair(ADAS)
    assert world.there() == {missed.id, after.id}


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_rejected_token_of_a_drive_is_a_gap_and_a_comparison_and_the_drive_stays(sales: Sales, status: int) -> None:
    sales.world.google.reject_tokens(sales.drive.id, status=status)
    run = await sales.world.read(sales.stream)
    assert (run.gaps, run.asks) == (["changes-not-retained"], {(sales.stream, "compare")})
    assert (await sales.world.read(sales.stream)).gaps == []


async def test_a_token_that_is_rejected_between_two_pages_loses_nothing_that_was_read(world: Workspace) -> None:
    world.google.smallest_pages = 2
    made = {world.drive.create_file(f"{number}.txt", by=ADA).id for number in range(5)}
    await world.read(ADAS, most_pages=1)
    world.google.reject_tokens()
    assert (await world.read(ADAS)).gaps == ["changes-not-retained"]
    world.google.smallest_pages = None
    await world.repair(ADAS)
    assert world.there() == made


async def test_an_answer_without_a_token_is_no_answer(world: Workspace) -> None:
    world.fails("malformed", "changes", variant="no-token")
    before = await world.cursor(ADAS)
    with pytest.raises(DependencyUnavailable, match="where to go on"):
        await world.read(ADAS)
    assert await world.cursor(ADAS) == before


async def test_a_row_that_cannot_be_an_event_is_a_gap_and_does_not_cost_the_others(world: Workspace) -> None:
    good, bad = (world.drive.create_file(name, by=ADA) for name in ("good.txt", "bad.txt"))
    wire = Wire()
    wire.edit = lambda body: [row["file"].pop("id") for row in body.get("changes", ()) if row["fileId"] == bad.id]
    async with wire.client() as http:
        run = await world.read(ADAS, poller=world.new_poller(http))
    assert run.files.keys() == {good.id}
    assert run.gaps == ["rejected"]
