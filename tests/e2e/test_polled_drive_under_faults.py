"""What a Workspace had arrives whole from a Drive that is busy; and everything that was to go wrong did."""

import shutil
from pathlib import Path

import pytest

from devtools.faults.report import Report
from tests.e2e.model import running_model
from tests.e2e.polled_drive import polled_drive

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PLANS = Path(__file__).parents[2] / "devtools" / "faults" / "plans"


@pytest.mark.long
async def test_under_the_plan_nothing_is_missing_and_nothing_doubled(artefact: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    shutil.copy(PLANS / "busy-gdrive.json", plan)
    async with running_model() as model, polled_drive(tmp_path / "run", artefact, model=model, faults=plan) as drive:
        control = drive.control
        await drive.poll(120)
        await control.tell("move", file_id=await control.named("/Sales/Customers/Offers"), parent=(await control.drives())["Board"])
        await control.tell("trash", file_id=await control.named("/My Drive/Notes"))
        for _ in range(2):  # what was refused is asked for again by the next poll
            await drive.poll(120)

        seen, completeness, given_up = await drive.seen(), await drive.compared(), await drive.given_up()

    assert (seen.faults, given_up) == ([], [])
    assert completeness["isComplete"], completeness
    assert Report.read(plan).never_fired == []
