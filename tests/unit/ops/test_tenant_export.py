"""``tenant export``: everything there is of one tenant and nothing of another, in readable files that are compared with the store."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ops.refusals import Refused
from ops.tenants.exporting import Exporting, without_session
from shared import topology
from shared.contracts.claim import tenant_prefix
from tests.unit.ops.deployment import Deployment, Said
from tests.unit.ops.tenant_stores import Killed, NoProgress, TenantStores
from tests.unit.ops.tenant_world import EVERYWHERE, LIVE, canary, emitted, fill


def two_tenants() -> TenantStores:
    stores = TenantStores()
    fill(stores, "acme", "00D1")
    fill(stores, "acme2", "00D2")
    return stores


async def export(stores: TenantStores, folder: Path) -> dict[str, Any]:
    return await Exporting("acme", folder, stores.ports, NoProgress()).export()


async def typed(stores: TenantStores, *words: str) -> Said:
    deployment = Deployment()
    deployment.tenant_ports = stores.ports
    return await deployment.run("tenant", "export", "--tenant", "acme", *words)


def content(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file())


async def test_everything_of_the_tenant_is_there_and_nothing_of_another(tmp_path: Path) -> None:
    manifest = await export(two_tenants(), tmp_path)

    places = {place for place in EVERYWHERE if not place.endswith(".scheduled")} - {"secrets"}
    assert {place for place, count in manifest["counts"].items() if count} == places
    assert (manifest["counts"]["shards"], manifest["counts"]["shard-emission"], manifest["isVerified"]) == (4, 3, True)
    assert canary("acme") in content(tmp_path)
    assert [word for word in (canary("acme2"), "00D2") if word in content(tmp_path)] == []


async def test_no_secret_is_in_it_and_it_says_so(tmp_path: Path) -> None:
    stores, state = two_tenants(), {"cursor": '{"token": "enciphered-session", "usedCount": 7}'}
    stores.items.put(topology.SHARDS, {"id": "state", "tenantId": "acme", "shardTypeId": "integration.state", "structuredData": state})

    manifest = await export(stores, tmp_path)

    assert [word for word in ("value of", "enciphered-session") if word in content(tmp_path)] == []
    assert "usedCount" in content(tmp_path)
    assert manifest["secrets"].startswith("left out: secrets in Key Vault")


async def test_every_file_has_its_count_and_hash_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    manifest = await export(two_tenants(), tmp_path)

    for one in manifest["files"]:
        file = tmp_path / one["file"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == one["sha256"]
        assert file.stat().st_mode & 0o077 == 0
        if file.suffix == ".jsonl":
            assert len([json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]) == one["count"]
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        "manifest.json",
        *(one["file"] for one in manifest["files"]),
    }


async def test_an_export_that_broke_off_goes_on_and_reads_nothing_twice(tmp_path: Path) -> None:
    stores, read = two_tenants(), []

    class Dying(type(stores.items)):  # type: ignore[misc]  # a fake that dies in the middle of a container
        async def each(self, place: Any, tenant_id: str) -> Any:
            read.append(place.name)
            async for document in super().each(place, tenant_id):
                yield document
                if place.container == topology.SHARDS and read.count("shards") == 1:
                    raise Killed

    stores.items.__class__ = Dying
    with pytest.raises(Killed):
        await export(stores, tmp_path)
    assert not (tmp_path / "manifest.json").exists()

    manifest = await export(stores, tmp_path)

    assert (manifest["isVerified"], manifest["counts"]["shards"]) == (True, 4)
    assert (read.count("connections"), read.count("shards")) == (1, 2)


async def test_a_file_that_was_damaged_meanwhile_is_written_again(tmp_path: Path) -> None:
    stores = two_tenants()
    exporting = Exporting("acme", tmp_path, stores.ports, NoProgress())
    known = exporting._begun()
    for step in exporting._steps():
        known.update({name: await write() for name, write in step.items()})
    exporting._remember(known)
    (tmp_path / "items" / "gaps.jsonl").write_bytes(b"")

    manifest = await export(stores, tmp_path)

    assert (manifest["isVerified"], manifest["counts"]["gaps"]) == (True, 1)
    assert (tmp_path / "items" / "gaps.jsonl").read_bytes() != b""


async def test_a_place_that_changes_again_and_again_is_said_and_the_exit_code_is_1(tmp_path: Path) -> None:
    stores = two_tenants()

    class Changing(type(stores.items)):  # type: ignore[misc]  # a fake that gets one more item at each count
        async def count(self, place: Any, tenant_id: str) -> int:
            found: int = await super().count(place, tenant_id)
            return found + int(place.container == topology.GAPS)

    stores.items.__class__ = Changing
    said = await typed(stores, "--to", str(tmp_path / "out"), "--json")

    assert (said.code, said.document["differs"]) == (1, {"gaps": {"stored": 2, "exported": 1}})


async def test_messages_that_pass_while_they_are_read_are_no_fault(tmp_path: Path) -> None:
    stores = two_tenants()

    class Passing(type(stores.messages)):  # type: ignore[misc]  # a broker on which one more message comes at each look
        async def each(self, place: Any) -> Any:
            if place == LIVE:
                stores.send(LIVE, emitted("acme", 77))
            async for message in super().each(place):
                yield message

    stores.messages.__class__ = Passing
    said = await typed(stores, "--to", str(tmp_path / "out"))

    assert said.code == 0
    assert "shard-emission" in said.out


async def test_a_blobs_name_leads_nowhere_else(tmp_path: Path) -> None:
    stores = two_tenants()
    stores.blobs.there[topology.CLAIMS][f"{tenant_prefix('acme')}/../../../manifest.json"] = b"{}"

    with pytest.raises(Refused, match="out of its folder"):
        await export(stores, tmp_path)


async def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    stores = two_tenants()
    await export(stores, tmp_path / "mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear", encoding="utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "unfinished.json").write_text("{}", encoding="utf-8")

    for name, why in (("mine", "a finished export"), ("other", "is not empty"), ("broken", "something else")):
        with pytest.raises(Refused, match=why):
            await export(stores, tmp_path / name)
    assert (tmp_path / "other" / "letter.txt").read_text(encoding="utf-8") == "dear"


async def test_another_tenants_export_is_not_gone_on_with(tmp_path: Path) -> None:
    stores = two_tenants()
    Exporting("acme2", tmp_path, stores.ports, NoProgress())._begun()

    with pytest.raises(Refused, match="another tenant"):
        await export(stores, tmp_path)


def test_the_enciphered_session_of_a_connection_is_left_out_and_nothing_else() -> None:
    state = {"shardTypeId": "integration.state", "structuredData": {"kind": "account", "cursor": '{"token": "gAAA", "usedCount": 7}'}}
    others: list[dict[str, Any]] = [
        {"shardTypeId": "c_account", "structuredData": {"cursor": '{"token": "x"}'}},
        {"shardTypeId": "integration.state", "structuredData": {"cursor": "what"}},
        {"shardTypeId": "integration.state", "structuredData": {"cursor": '{"page": 3}'}},
        {"id": "a", "aliasOf": "b"},
    ]

    assert without_session(state)["structuredData"] == {"kind": "account", "cursor": '{"token": null, "usedCount": 7}'}
    assert [without_session(one) for one in others] == others
