"""``migrate``: what is stored is brought to what the code says, whoever writes meanwhile and wherever it is killed."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from devtools.fakes.samples import sample_shard
from ops.migrations.announced import LinksLookedAt, VectorsMade
from ops.migrations.command import rendered
from ops.migrations.conversions import ConversionsNamed
from ops.migrations.definitions import TypesFollow
from ops.migrations.migration import BATCH
from ops.migrations.registry import MIGRATIONS
from ops.migrations.schemas import SchemasRise
from ops.migrations.upcasts import UPCASTS, state_with_a_kind
from shared import topology
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.shard_emitted import ShardEmitted
from shared.conversions.registry import CONVERSIONS
from shared.shard_types.registry import SHARD_TYPES, shard_type
from shared.shards.model import Linking, Metadata, Shard, fingerprint
from tests.unit.ops.deployment import Deployment
from tests.unit.ops.migrated import Migrated
from tests.unit.ops.tenant_stores import Killed

NEWER = tuple(replace(known, schema_version=2) if known.id == "c_account" else known for known in SHARD_TYPES)


def shouted(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "name": str(data["name"]).upper()}


RISE = SchemasRise(types=NEWER, upcasts={**UPCASTS, ("c_account", 1): shouted})


def company(tenant_id: str, number: int = 1, **said: Any) -> Shard:
    shard = sample_shard(tenant_id, external_id=f"{number:015}AAA", name=f"Acme {number}").model_copy(update=said)
    assert shard.normalization is not None
    stamp = fingerprint(
        structured_data=dict(shard.structured_data),
        acl=shard.acl,
        status=shard.status,
        external=shard.external_relationships,
        schema_version=shard.schema_version,
    )
    return shard.model_copy(update={"normalization": shard.normalization.model_copy(update={"fingerprint": stamp})})


def old_state(tenant_id: str) -> dict[str, Any]:
    shard = sample_shard(tenant_id).model_copy(update={"id": "state", "shard_type_id": "integration.state", "normalization": None})
    data = {
        "name": "salesforce:1 Account",
        "connectionId": "salesforce:1",
        "integrationType": "salesforce",
        "stream": "Account",
        "cursor": '{"at": "x"}',
        "runId": "r",
        "runStep": 3,
        "leaseOwner": "w",
        "lastSyncStatus": "success",
        "budgetUsedCount": 4,
    }
    return {**shard.document(), "structuredData": data}


async def test_a_shard_of_an_earlier_version_is_brought_up_and_those_after_it_are_told() -> None:
    there = Migrated()
    shard = company("acme")
    there.put(shard.document())

    made = await there.run(RISE)

    stored = Shard.model_validate(there.stored("acme", shard.id))
    assert (stored.schema_version, stored.structured_data["name"], stored.revision_number) == (2, "ACME 1", 2)
    assert stored.is_as_stamped
    [told] = there.waiting(topology.SHARD_EMISSION)
    assert (ShardEmitted.decode(told.body).revision, told.due_at is not None) == (2, True)
    assert (made[RISE.name].due.count, made[RISE.name].done.count) == (1, 1)


async def test_what_a_person_wrote_is_not_taken_for_the_vendors() -> None:
    there = Migrated()
    shard = company("acme")
    there.put({**shard.document(), "structuredData": {"name": "By hand"}})

    await there.run(RISE)

    assert not Shard.model_validate(there.stored("acme", shard.id)).is_as_stamped


async def test_the_state_of_a_stream_from_before_there_were_kinds_is_read_again_afterwards() -> None:
    there = Migrated()
    there.put(old_state("acme"))

    await there.run(SchemasRise())

    data = there.stored("acme", "state")["structuredData"]
    assert there.stored("acme", "state")["schemaVersion"] == 2
    assert (data["kind"], data["source"], data["run"], data["step"], data["lastStatus"]) == ("changes", "salesforce", "r", 3, "success")
    assert not {"leaseOwner", "budgetUsedCount", "integrationType"} & data.keys()
    assert there.waiting(topology.SHARD_EMISSION) == []
    shard_type("integration.state").check(data)


async def test_a_second_run_finds_nothing_and_says_when_the_first_was() -> None:
    there = Migrated()
    there.put(company("acme").document())
    there.put(old_state("globex"))
    await there.run(RISE, TypesFollow())
    before = copy.deepcopy(there.pipeline.shards._documents)

    again = await there.run(RISE, TypesFollow())

    assert [(one.due.count, one.done.count, one.finished_at is not None) for one in again.values()] == [(0, 0, True)] * 2
    assert there.pipeline.shards._documents == before
    assert rendered(list(again.values())).endswith("everything is as the code says")


@pytest.mark.parametrize("step", range(14))
async def test_killed_at_any_step_it_goes_on_and_everything_is_announced_after_it_was_written(step: int) -> None:
    there = Migrated()
    shards = [company("acme", number) for number in (1, 2)] + [company("globex", 1)]
    for shard in shards:
        there.put(shard.document())
    there.shards.dies_at = step
    try:
        await there.run(RISE)
        assert step >= there.shards.steps
    except Killed:
        there.shards.dies_at = None
        there.pipeline.clock.advance(seconds=5)
        await there.run(RISE)

    told = [(one.due_at, ShardEmitted.decode(one.body)) for one in there.waiting(topology.SHARD_EMISSION)]
    for shard in shards:
        stored = there.stored(shard.tenant_id, shard.id)
        assert (stored["schemaVersion"], stored["revisionNumber"], stored["structuredData"]["name"].isupper()) == (2, 2, True)
        ours = [due_at for due_at, one in told if (one.tenant_id, one.shard_id, one.revision) == (shard.tenant_id, shard.id, 2)]
        assert ours
        assert all(due_at is not None and due_at > there.pipeline.clock() for due_at in ours)


async def test_whoever_writes_at_the_same_moment_keeps_what_they_wrote() -> None:
    there = Migrated()
    shard = company("acme")
    there.put(shard.document())

    def another_writes() -> None:
        known = there.stored("acme", shard.id)
        there.put({**known, "structuredData": {"name": "newer"}, "vectors": None, "mlFields": {"score": 1}})

    there.shards.before_patch = [another_writes]
    await there.run(RISE)

    stored = there.stored("acme", shard.id)
    assert (stored["structuredData"]["name"], stored["mlFields"], stored["schemaVersion"]) == ("NEWER", {"score": 1}, 2)


async def test_what_somebody_else_has_done_or_removed_meanwhile_is_left() -> None:
    there = Migrated()
    done, gone = company("acme", 1), company("acme", 2)
    for shard in (done, gone):
        there.put(shard.document())

    def others_do_it() -> None:
        there.put({**there.stored("acme", done.id), "schemaVersion": 2})
        there.pipeline.shards.expire("acme", gone.id)

    there.shards.before_patch = [others_do_it]
    made = await there.run(RISE)

    assert (made[RISE.name].done.count, made[RISE.name].is_whole) == (0, True)
    assert there.stored("acme", done.id)["structuredData"]["name"] == "Acme 1"


async def test_what_is_written_again_and_again_is_left_for_the_next_time() -> None:
    there = Migrated()
    shard = company("acme")
    there.put(shard.document())
    there.shards.before_patch = [lambda: there.put(there.stored("acme", shard.id))] * 9

    made = await there.run(RISE)

    assert (made[RISE.name].done.left, made[RISE.name].is_whole, made[RISE.name].finished_at) == (1, False, None)


async def test_what_cannot_be_read_is_named_and_the_others_are_done() -> None:
    there = Migrated()
    fine = company("acme", 1)
    there.put({**company("acme", 2).document(), "id": "broken", "structuredData": None})
    there.put({**company("acme", 3).document(), "id": "nameless", "structuredData": {"name": None, "secret": "canary"}})
    there.put(fine.document())
    there.put({**old_state("acme"), "id": "older", "schemaVersion": 0})

    made = (await there.run(RISE))[RISE.name]

    assert sorted(one.partition(":")[0] for one in made.done.unreadable) == ["acme broken", "acme older"]
    assert (made.done.count, made.is_whole, made.finished_at) == (2, False, None)
    assert "no step from version 0" in rendered([made])
    assert "canary" not in rendered([made])


async def test_only_one_tenants_documents_are_touched_where_one_is_named() -> None:
    there = Migrated()
    for tenant in ("acme", "globex"):
        there.put(company(tenant).document())

    made = await there.run(RISE, tenant_id="acme")

    versions = {tenant: there.stored(tenant, company(tenant).id)["schemaVersion"] for tenant in ("acme", "globex")}
    assert (versions, made[RISE.name].due.count, made[RISE.name].finished_at) == ({"acme": 2, "globex": 1}, 1, None)


async def test_shards_from_before_linking_are_looked_at_once_and_then_have_notes() -> None:
    there = Migrated()
    old, noted = company("acme", 1), company("acme", 2, linking=Linking())
    for shard in (old, noted, company("acme", 3, status="deleted"), company("acme", 4, status="draft"), company("globex", 1)):
        there.put(shard.document())

    await there.run(LinksLookedAt(), tenant_id="acme")
    await there.run(LinksLookedAt(), tenant_id="acme")

    [told] = there.waiting(topology.SHARD_EMISSION)
    assert ShardEmitted.decode(told.body).shard_id == old.id
    await there.pipeline.run_all()
    assert (await there.run(LinksLookedAt(), tenant_id="acme"))["linking-notes"].due.count == 0


async def test_shards_without_this_deployments_vectors_are_embedded() -> None:
    there = Migrated()
    shard = company("acme", 1)
    await there.pipeline.shards.create(shard)
    there.put(company("acme", 2, status="deleted").document())
    await there.run(VectorsMade())
    await there.pipeline.run_all()
    assert (await there.run(VectorsMade()))["vectors"].due.count == 0
    vectors = there.stored("acme", shard.id)["vectors"]
    there.put({**there.stored("acme", shard.id), "vectors": {**vectors, "generation": "0" * 32}})
    there.pipeline.clock.advance(seconds=4000)

    made = await there.run(VectorsMade())

    [asked] = there.waiting(topology.ENRICHMENT_JOBS)
    assert (made["vectors"].done.count, EnrichmentDone.decode(asked.body).shard_id) == (1, shard.id)
    assert asked.id != EnrichmentDone.decode(asked.body).id
    await there.pipeline.run_all()
    assert there.stored("acme", shard.id)["vectors"]["generation"] == vectors["generation"]


async def test_many_are_announced_in_batches_with_pauses() -> None:
    there = Migrated()
    for number in range(BATCH + 1):
        there.put(company("acme", number).document())

    made = await there.run(LinksLookedAt())

    assert (made["linking-notes"].done.count, there.pauses) == (BATCH + 1, 1)


async def test_an_announcement_that_cannot_be_made_is_named() -> None:
    there = Migrated()
    there.put({**company("acme", 1).document(), "revisionNumber": None})
    there.put(company("acme", 2).document())

    made = (await there.run(LinksLookedAt()))["linking-notes"]

    assert (made.done.count, len(made.done.unreadable), made.is_whole) == (1, 1, False)


async def test_shards_of_another_conversion_point_to_the_command_that_converts_them_anew() -> None:
    there = Migrated()
    for number in (1, 2):
        there.put(company("acme", number, metadata=Metadata(connection_id="salesforce:1")).document())
    there.put(company("acme", 3).document())
    current = company("acme", 4)
    assert current.normalization is not None
    stamp = current.normalization.model_copy(update={"conversion_version": CONVERSIONS[0].version})
    there.put(current.model_copy(update={"normalization": stamp}).document())

    made = (await there.run(ConversionsNamed()))["conversions"]

    assert (made.due.count, made.done.count, made.is_whole) == (3, 0, True)
    assert "python -m ops renormalize salesforce:1  (2 shards)" in rendered([made])


async def test_missing_and_older_definitions_are_written_and_later_ones_left() -> None:
    there = Migrated()
    await there.types.write({**SHARD_TYPES[0].document(), "schemaVersion": 99})
    await there.types.write({**SHARD_TYPES[1].document(), "name": "Otherwise"})

    made = await there.run(TypesFollow())

    assert made["shard-types"].done.count == len(SHARD_TYPES) - 1
    assert there.types.known[SHARD_TYPES[0].id]["schemaVersion"] == 99
    assert there.types.known[SHARD_TYPES[1].id]["name"] == SHARD_TYPES[1].name


async def test_a_dry_run_counts_everything_and_touches_nothing() -> None:
    there = Migrated()
    there.put(company("acme").document())
    there.put(old_state("acme"))
    before = copy.deepcopy(there.pipeline.shards._documents)

    made = await there.run(dry_run=True)

    assert {name: one.due.count for name, one in made.items()} == {
        "shard-types": len(SHARD_TYPES),
        "schema-versions": 1,
        "linking-notes": 1,
        "vectors": 1,
        "conversions": 1,
    }
    assert (there.pipeline.shards._documents, there.types.known, there.pipeline.transport.sent) == (before, {}, [])


async def test_the_command_lists_all_and_fails_where_something_could_not_be_read() -> None:
    deployment, there = Deployment(), Migrated()
    deployment.migration_ports = there.ports
    there.put({**old_state("acme"), "structuredData": {}})

    said = await deployment.run("migrate", "--json")
    people = await deployment.run("migrate", "--only", "schema-versions")
    refused = await deployment.run("migrate", "--only", "nonsense")

    assert [one["name"] for one in said.document] == [one.name for one in MIGRATIONS]
    assert (said.code, people.code, "cannot be read: acme state" in people.out) == (1, 1, True)
    assert (refused.code, "there is no migration nonsense" in refused.errors) == (1, True)


def test_every_version_that_was_ever_stored_has_a_step_to_the_next() -> None:
    wanted = {(known.id, version) for known in SHARD_TYPES for version in range(1, known.schema_version)}

    assert wanted <= set(UPCASTS)


def test_a_step_leaves_what_it_does_not_know() -> None:
    assert state_with_a_kind({"name": "x", "others": 1}) == {"name": "x", "others": 1, "kind": "changes"}
