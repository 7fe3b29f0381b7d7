"""``tenant erase`` as it is typed: asked twice, shown, written down."""

import json
from pathlib import Path

import pytest

from ops.parked_message import Place
from shared import topology
from tests.unit.ops.deployment import Deployment, Said
from tests.unit.ops.tenant_stores import Killed, TenantStores
from tests.unit.ops.tenant_world import EVERYWHERE, canary, emitted, fill


def two_tenants() -> TenantStores:
    stores = TenantStores()
    fill(stores, "acme", "00D1")
    fill(stores, "acme2", "00D2")
    return stores


async def typed(stores: TenantStores, *words: str) -> Said:
    deployment = Deployment()
    deployment.tenant_ports = stores.ports
    return await deployment.run("tenant", "erase", "--tenant", "acme", *words)


async def test_a_dry_run_counts_and_touches_nothing() -> None:
    stores = two_tenants()
    before = stores.everything()

    said = await typed(stores, "--dry-run", "--json")

    assert (said.code, stores.everything()) == (0, before)
    assert {place for place, count in said.document["found"].items() if count} == EVERYWHERE


@pytest.mark.parametrize("words", [(), ("--yes", "acme2"), ("--yes", "ACME"), ("--json",)])
async def test_without_the_tenants_id_said_twice_nothing_is_done(words: tuple[str, ...]) -> None:
    stores = two_tenants()
    before = stores.everything()

    said = await typed(stores, *words)

    assert (said.code, stores.everything()) == (1, before)


async def test_the_proof_is_written_to_a_file_and_holds_nothing_of_the_data(tmp_path: Path) -> None:
    stores = two_tenants()

    said = await typed(stores, "--yes", "acme", "--json", "--report", str(tmp_path / "proof.json"))

    proof = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    assert (said.code, said.document) == (0, proof)
    assert (proof["isComplete"], proof["remains"]) == (True, {})
    assert all(row["firstLook"] == row["secondLook"] == 0 and row["erased"] >= row["before"] for row in proof["places"])
    assert {row["place"] for row in proof["places"]} > EVERYWHERE
    assert [word for word in (canary("acme"), "acme2", "Acme") if word in json.dumps(proof)] == []


async def test_the_proof_says_which_deployment_it_was_and_keeps_that_of_a_run_that_broke_off(tmp_path: Path) -> None:
    stores, file = two_tenants(), tmp_path / "proof.json"
    stores.fuse.burns_after = 20
    with pytest.raises(Killed):
        await typed(stores, "--yes", "acme", "--report", str(file))
    stores.fuse.burns_after = None

    said = await typed(stores, "--yes", "acme", "--json", "--report", str(file))

    [broken_off] = said.document["earlierRuns"]
    assert said.document["stores"] == broken_off["stores"] == {"cosmos": "https://of-a-test.example"}
    assert (broken_off["isComplete"], said.document["isComplete"]) == (False, True)
    before = [{row["place"]: row["before"] for row in one["places"]}["connections"] for one in (broken_off, said.document)]
    assert before == [1, 0]


@pytest.mark.parametrize("held", ['{"version": 1, "tenantId": "globex", "earlierRuns": []}', "[]", "dear"])
async def test_a_proof_is_not_written_over_something_else(tmp_path: Path, held: str) -> None:
    stores, file = two_tenants(), tmp_path / "proof.json"
    file.write_text(held, encoding="utf-8")
    before = stores.everything()

    said = await typed(stores, "--yes", "acme", "--report", str(file))
    nowhere = await typed(stores, "--yes", "acme", "--report", str(tmp_path / "none" / "proof.json"))

    assert (said.code, nowhere.code, stores.everything(), file.read_text(encoding="utf-8")) == (1, 2, before, held)


async def test_people_see_a_table_and_how_it_ended() -> None:
    stores = two_tenants()

    said = await typed(stores, "--yes", "acme")

    assert "acme: erased; nothing was found at 12:00:00 and at 12:11:00 UTC" in said.out
    assert "erase: closing the connections" in said.errors


async def test_of_a_tenant_that_was_never_there_it_says_so() -> None:
    said = await typed(TenantStores(), "--yes", "acme")

    assert (said.code, "acme: nobody of this name was here; nothing was found at" in said.out) == (0, True)


async def test_an_erasure_that_did_not_end_says_what_remains_and_that_it_failed() -> None:
    stores = two_tenants()
    stores.parking.held_by_others.add(stores.send(Place(topology.EMBEDDING_JOBS), emitted("acme", 5)).number)

    said = await typed(stores, "--yes", "acme", "--patience", "0")

    assert (said.code, "not erased: 1 in embedding-jobs" in said.out) == (1, True)


@pytest.mark.parametrize("tenant", ["unknown", "", " acme"])
async def test_what_is_no_tenant_is_refused(tenant: str) -> None:
    deployment = Deployment()
    deployment.tenant_ports = TenantStores().ports

    assert (await deployment.run("tenant", "erase", "--tenant", tenant, "--yes", tenant)).code == 2
