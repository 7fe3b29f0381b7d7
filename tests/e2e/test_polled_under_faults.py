"""What an organization had arrives whole from one that is busy, or whose answers are lost; and everything that was to go wrong did."""

import shutil
from pathlib import Path

import pytest

from devtools.faults.report import Report
from tests.e2e.polled import NOTHING_WRONG, STREAMS, polled_environment, wrong

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PLANS = Path(__file__).parents[2] / "devtools" / "faults" / "plans"


@pytest.mark.parametrize("name", ["busy-salesforce", pytest.param("lost-answers-of-salesforce", marks=pytest.mark.long)])
async def test_under_the_plan_nothing_is_missing_and_nothing_doubled(name: str, artefact: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    shutil.copy(PLANS / f"{name}.json", plan)
    async with polled_environment(tmp_path / "run", artefact, faults=plan) as polled:
        company = await polled.create("Account", is_old=True)
        for object_name in ("Contact", "Opportunity", "Lead"):
            belongs = {} if object_name == "Lead" else {"AccountId": company.id}
            await polled.create(object_name, is_old=True, **belongs)
        await polled.poll()
        await polled.edit(company, Name="Edited Since")
        await polled.poll()

        shards = await polled.environment.shards(polled.tenant)
        completeness = await polled.compared()

    org = polled.tenant.org
    wanted = {record.id: record.fields["Name"] for stream in STREAMS for record in org.records(stream)}
    assert {record_id: shard["structuredData"]["name"] for record_id, shard in shards.items()} == {
        record_id: wanted[record_id] for record_id in shards
    }
    assert sorted(shard["shardTypeId"] for shard in shards.values()) == [
        *("c_account", "c_contact", "c_lead", "c_opportunity", "c_person", "c_person", "c_person"),
    ]
    assert wrong(completeness) == NOTHING_WRONG
    assert Report.read(plan).never_fired == []
