"""What a workspace in Slack had, and what happens there, arrives whole from a Slack that is busy; and all that was to go wrong did."""

import shutil
from pathlib import Path

import pytest

from devtools.faults.report import Report
from tests.e2e.told_slack import told_slack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PLANS = Path(__file__).parents[2] / "devtools" / "faults" / "plans"


@pytest.mark.long
async def test_under_the_plan_nothing_is_missing_and_nothing_doubled(artefact: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    shutil.copy(PLANS / "busy-slack.json", plan)
    async with told_slack(tmp_path / "run", artefact, faults=plan) as slack:
        joined = await slack.create("lighthouse", is_private=True, members=("bob",))
        left = await slack.create("harbour", is_private=True, members=("bob",))
        people = await slack.people()
        await slack.poll(120)
        await slack.control.tell("rename", channel_id=joined, name="lighthouse-repairs")
        await slack.control.tell("join", channel_id=joined, user_id=people["cleo"].id)
        await slack.control.tell("leave", channel_id=left, user_id=people["bob"].id)
        await slack.heard(120)

        seen, completeness = await slack.seen(), await slack.compared(120)
        rejected = await slack.environment.queue("rejected-messages")

    assert (seen.faults, rejected) == ([], [])
    assert completeness["isComplete"], completeness
    assert Report.read(plan).never_fired == []
