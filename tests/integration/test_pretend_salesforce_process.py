"""The pretend Salesforce as a process of its own, and how another process changes what it holds (``/pretend/…``)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest

from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.vendors.salesforce.api.__main__ import main
from devtools.vendors.salesforce.api.control import add_control
from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.records import PretendOrg
from tests.integration.salesforce_api import APP, NOON, Clock

pytestmark = pytest.mark.integration


@asynccontextmanager
async def controlled(*orgs: PretendOrg) -> AsyncIterator[tuple[PretendSalesforce, httpx2.AsyncClient]]:
    clock = Clock()
    salesforce = PretendSalesforce(*(orgs or (PretendOrg("00D000000000062EAA", Random(4), clock),)), now=clock, apps=(APP,))
    add_control(salesforce)
    async with salesforce, httpx2.AsyncClient(base_url=f"{salesforce.url}/pretend") as http:
        yield salesforce, http


async def told(http: httpx2.AsyncClient, command: str, **said: Any) -> Any:
    answer = await http.post(f"/{command}", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_another_process_lets_records_come_change_and_go() -> None:
    async with controlled() as (salesforce, http):
        org = salesforce.org
        master = (await told(http, "create", object="Account", fields={"Name": "One"}, at=NOON.isoformat()))["id"]
        loser = (await told(http, "create", object="Account", fields={"Name": "Two", "AnnualRevenue": 5}))["id"]
        await told(http, "edit", id=master, fields={"Name": "First"})
        await told(http, "edit-quietly", id=master, fields={"Rating": "Hot"})
        await told(http, "edit-by-system", id=master, fields={"Site": "North"})
        await told(http, "merge", master=master, losers=[loser])
        await told(http, "delete", id=master)
        await told(http, "undelete", id=master)
        [first] = (await http.get("/records", params={"object": "Account"})).json()["records"]
        both = (await http.get("/records", params={"object": "Account", "deleted": "true"})).json()["records"]
        await told(http, "hard-delete", id=master)
        emptied = await told(http, "empty-bin")

        assert (first["Id"], first["Name"], first["Rating"], first["Site"]) == (master, "First", "Hot", "North")
        assert {row["Id"]: row["MasterRecordId"] for row in both if row["IsDeleted"]} == {loser: master}
        assert emptied == {"ids": [loser]}
        assert org.rows("Account") == []
        assert len((await told(http, "populate", object="Lead", count=3))["ids"]) == 3


async def test_another_process_opens_a_transaction_and_commits_it() -> None:
    async with controlled() as (salesforce, http):
        number = (await told(http, "begin", at="2026-03-02T11:00:00Z"))["transaction"]
        made = (await told(http, "create", object="Contact", fields={"LastName": "Ito"}, transaction=number))["id"]

        assert salesforce.org.find(made) is None
        assert salesforce.org.settled_until() < datetime(2026, 3, 2, 11, tzinfo=UTC)
        await told(http, "commit", transaction=number)
        assert salesforce.org.record(made).system_modstamp == datetime(2026, 3, 2, 11, tzinfo=UTC)


async def test_another_process_changes_what_is_seen_and_who_may_come_in() -> None:
    async with controlled() as (salesforce, http):
        token, user = salesforce.token(), salesforce.org.user_ids[0]
        await told(http, "add-field", object="Account", field="Extra__c:double")
        await told(http, "hide-field", object="Account", field="Name")
        await told(http, "remove-field", object="Account", field="Site")
        await told(http, "show-field", object="Account", field="Name")
        await told(http, "hide", object="Lead")
        used = await told(http, "usage", most=100, foreign=7, jitter=0)
        await told(http, "revoke", user=user)
        refused = await http.get(f"{salesforce.url}/services/data/v67.0/limits", headers={"authorization": f"Bearer {token}"})
        await told(http, "approve", user=user)
        ledger = (await http.get("/ledger")).json()
        await told(http, "forget-calls")

        account = salesforce.org.objects["Account"]
        assert account.field_named("Extra__c")
        assert account.field_named("Name")
        assert account.field_named("Site") is None
        assert salesforce.org.objects.seen("Lead") is None
        assert (used, refused.status_code) == ({"used": 7, "most": 100}, 401)
        assert ([call["status"] for call in ledger["calls"]], ledger["counts"]) == ([401], {"limits": 1})
        assert (await http.get("/ledger")).json()["calls"] == []


async def test_a_command_that_cannot_be_carried_out_says_why() -> None:
    async with controlled() as (_, http):
        answers = [
            await http.post("/delete", json={"id": "001000000000009AAA"}),
            await http.post("/explode", json={}),
            await http.post("/create", json={"object": "Account", "fields": {"Naem": "x"}}),
            await http.post("/edit", json={}),
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 400, 404]
        assert answers[2].json() == {"error": "No such column 'Naem' on sobject of type Account"}


async def test_a_command_is_for_the_organization_it_names() -> None:
    one, other = (PretendOrg(f"00D00000000{name}", Random(4), lambda: NOON) for name in ("0062", "0063"))
    async with controlled(one, other) as (_, http):
        await told(http, "create", object="Account", organization=other.organization_id)

        assert (len(one.records("Account")), len(other.records("Account"))) == (0, 1)


async def test_after_an_outage_it_has_what_it_had() -> None:
    async with controlled() as (salesforce, http):
        await told(http, "create", object="Account")
        token, port = salesforce.token(), int(salesforce.url.rpartition(":")[2])

        await salesforce.stop()
        with pytest.raises(httpx2.ConnectError):
            await http.get("/ledger")
        await salesforce.start(port)

        headers = {"authorization": f"Bearer {token}"}
        counted = await http.get(
            f"{salesforce.url}/services/data/v67.0/query", params={"q": "SELECT COUNT() FROM Account"}, headers=headers
        )
        assert counted.json()["totalSize"] == 1


async def test_by_itself_it_serves_what_its_seed_makes_obeys_its_plan_and_says_what_was_asked(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="busy", faults=(Fault(at="salesforce", kind=Kind.REFUSE, status=503, operation="query", calls=1),)).write(plan)
    options = ["--port", "0", "--seed", "7", "--accounts", "2", "--contacts", "1", "--opportunities", "1", "--leads", "1", "--users", "1"]
    program = [sys.executable, "-m", "devtools.vendors.salesforce.api", *options, "--clock", "2026-03-02T12:00:00Z"]
    process = await asyncio.create_subprocess_exec(*program, "--faults", str(plan), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = (await process.stdout.readline()).decode()
    url = ready.removeprefix("salesforce: ready on ").partition(",")[0]

    async with httpx2.AsyncClient(base_url=url) as http:
        said = {"grant_type": "client_credentials", "client_id": "pretend-client", "client_secret": "pretend-secret"}
        granted = (await http.post("/services/oauth2/token", data=said)).json()
        headers = {"authorization": f"Bearer {granted['access_token']}"}
        path, texts = "/services/data/v67.0/query", [f"SELECT Id FROM {name}" for name in ("Account", "Account", "User")]
        answers = [await http.get(path, params={"q": text}, headers=headers) for text in texts]
        made = (await http.post("/pretend/create", json={"object": "Account"})).json()["id"]
    process.terminate()
    rest, _ = await process.communicate()

    assert "organization 00D" in ready
    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert [len(answer.json()["records"]) for answer in answers[1:]] == [2, 4]
    assert answers[1].headers["date"].startswith("Mon, 02 Mar 2026 12:0")
    assert made.startswith("001")
    assert rest.decode() == "salesforce: 3 × query, 1 × token; 6 rows\n"
    assert Report.read(plan).by_kind == {"refuse": 1}


def test_a_plan_it_cannot_carry_out_and_an_organization_that_is_none_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="too much", faults=(Fault(at="salesforce", kind=Kind.DISK_FULL, calls=1),)).write(plan)

    assert main(["--port", "0", "--faults", str(plan)]) == 1
    assert main(["--port", "0", "--organization-id", "nonsense"]) == 1

    first, second = capsys.readouterr().err.splitlines()
    assert "salesforce: disk-full on * *: this stand-in can do" in first
    assert "not a 15-character Salesforce id" in second
