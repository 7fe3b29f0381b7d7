"""Shards by the keys of their records, and people by their addresses: one suite for the two twins."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest

from devtools.fakes.samples import NOON, ORGANIZATION, give_up, sample_change, sample_record, sample_shard, sample_vectors
from shared.access.acl import Principal, group
from shared.shards.ids import ShardId
from shared.shards.model import Audience, EdgeMetadata, InternalRelationship, Metadata, Shard, Status
from shared.shards.record_index import RecordKind, StoredRecord
from tests.plugins.twins import Stores

pytest_plugins = ["tests.plugins.stand_ins"]


def accounts(tenant_id: str, **changes: str) -> RecordKind:
    return RecordKind(**{"tenant_id": tenant_id, "system": "salesforce", "scope": ORGANIZATION, "record_type": "Account", **changes})


async def keys(found: AsyncIterator[StoredRecord]) -> list[str]:
    return sorted([record.external_id async for record in found])


async def store(stores: Stores, tenant_id: str, external_id: str, *, status: Status = "active", **edge: Any) -> Shard:
    shard = sample_shard(tenant_id, external_id=external_id)
    record = sample_record(external_id, **edge)
    return await stores.shards.create(shard.model_copy(update={"status": status, "external_relationships": (record,)}))


# --- by the keys of records


@pytest.mark.parametrize(
    ("after", "up_to", "found"),
    [
        (None, None, ["A1", "A2", "B", "a"]),
        ("A1", None, ["A2", "B", "a"]),
        (None, "A2", ["A1", "A2"]),
        ("A1", "B", ["A2", "B"]),
        ("A", "A", []),
        ("Z", "a", ["a"]),
    ],
)
async def test_a_range_is_above_its_beginning_and_up_to_its_end(
    stores: Stores, tenant_id: str, after: str | None, up_to: str | None, found: list[str]
) -> None:
    for external_id in ("B", "A2", "A1", "a"):
        await store(stores, tenant_id, external_id)

    assert await keys(stores.index.between(accounts(tenant_id), after=after, up_to=up_to)) == found


async def test_records_are_of_one_kind_of_one_account_of_one_tenant(stores: Stores, tenant_id: str) -> None:
    await store(stores, tenant_id, "ours")
    await store(stores, tenant_id, "a contact", record_type="Contact")
    await store(stores, tenant_id, "of another organization", scope="00D000000000002EAA")
    await store(stores, tenant_id, "of another system", system="hubspot")
    await store(stores, f"{tenant_id}-other", "theirs")

    assert await keys(stores.index.between(accounts(tenant_id), after=None, up_to=None)) == ["ours"]
    assert await keys(stores.index.between(accounts(tenant_id, record_type="Contact"), after=None, up_to=None)) == ["a contact"]
    assert await stores.index.count(accounts(tenant_id)) == 1
    assert await stores.index.count(accounts(f"{tenant_id}-nobody")) == 0


async def test_deleted_shards_are_found_and_placeholders_and_aliases_are_not(stores: Stores, tenant_id: str) -> None:
    surviving = await store(stores, tenant_id, "active")
    await store(stores, tenant_id, "deleted", status="deleted")
    await store(stores, tenant_id, "placeholder", status="draft")
    await give_up(stores.shards, tenant_id, "an-old-id", surviving.id)

    found = [record async for record in stores.index.between(accounts(tenant_id), after=None, up_to=None)]

    assert {record.external_id: record.shard.status for record in found} == {"active": "active", "deleted": "deleted"}
    assert await stores.index.count(accounts(tenant_id)) == 1


async def test_a_shard_that_is_found_is_to_look_at_and_neither_whole_nor_to_be_written(stores: Stores, tenant_id: str) -> None:
    stored = await store(stores, tenant_id, "A")
    heavy = {"unstructuredData": {"text": "long"}, "mlFields": {"score": 1}}
    await stores.put_shard({**stored.document(), **heavy, "vectors": sample_vectors(revision=1).model_dump(mode="json", by_alias=True)})

    [record] = [record async for record in stores.index.between(accounts(tenant_id), after=None, up_to=None)]

    assert record.shard == stored.model_copy(update={"etag": None})


async def test_the_shard_of_one_record_is_found_by_its_key_whether_deleted_merged_or_a_placeholder(stores: Stores, tenant_id: str) -> None:
    kind = accounts(tenant_id)
    for external_id, status in (("active", "active"), ("deleted", "deleted"), ("placeholder", "draft")):
        shard = await store(stores, tenant_id, external_id, status=cast(Status, status))
        assert shard.id == kind.shard_id(external_id)
    await give_up(stores.shards, tenant_id, kind.shard_id("merged"), kind.shard_id("active"))

    stored = {key: await stores.index.stored(kind, key) for key in ("active", "deleted", "placeholder", "merged", "unheard-of")}

    assert {key: shard and shard.id for key, shard in stored.items()} == {
        "active": kind.shard_id("active"),
        "deleted": kind.shard_id("deleted"),
        "placeholder": None,
        "merged": kind.shard_id("active"),
        "unheard-of": None,
    }
    assert await stores.index.stored(accounts(f"{tenant_id}-other"), "active") is None


async def test_the_shard_of_one_record_is_to_look_at_and_neither_whole_nor_to_be_written(stores: Stores, tenant_id: str) -> None:
    stored = await store(stores, tenant_id, "A")
    heavy = {"unstructuredData": {"text": "long"}, "mlFields": {"score": 1}}
    await stores.put_shard({**stored.document(), **heavy, "vectors": sample_vectors(revision=1).model_dump(mode="json", by_alias=True)})

    assert await stores.index.stored(accounts(tenant_id), "A") == stored.model_copy(update={"etag": None})


async def test_a_shard_with_records_of_two_systems_is_found_by_either(stores: Stores, tenant_id: str) -> None:
    shard = sample_shard(tenant_id)
    both = (sample_record("A"), sample_record("77", system="hubspot", scope="portal-1", record_type="company"))
    await stores.shards.create(shard.model_copy(update={"external_relationships": both}))
    companies = accounts(tenant_id, system="hubspot", scope="portal-1", record_type="company")

    assert await keys(stores.index.between(accounts(tenant_id), after=None, up_to=None)) == ["A"]
    assert await keys(stores.index.between(companies, after=None, up_to=None)) == ["77"]


async def test_more_records_than_a_page_holds_are_all_found(stores: Stores, tenant_id: str) -> None:
    shard = sample_shard(tenant_id).model_copy(update={"external_relationships": (sample_record("seen"),)}).document()
    for number in range(450):
        edge = {**shard["external_relationships"][0], "externalId": f"{number:03}"}
        await stores.put_shard({**shard, "id": f"shard-{number}", "external_relationships": [edge]})

    assert len(await keys(stores.index.between(accounts(tenant_id), after="099", up_to="399"))) == 300
    assert await stores.index.count(accounts(tenant_id)) == 450


async def test_what_names_a_shard_is_found(stores: Stores, tenant_id: str) -> None:
    deal = await stores.shards.create(naming(tenant_id, "deal", "acme", "jane"))
    await stores.shards.create(naming(tenant_id, "note", "jane"))
    await stores.shards.create(sample_shard(tenant_id, external_id="alone"))
    await stores.shards.create(naming(f"{tenant_id}-other", "theirs", "acme"))

    found = [shard async for shard in stores.index.naming(tenant_id, ShardId("acme"))]

    assert found == [deal.model_copy(update={"etag": None})]
    assert [shard async for shard in stores.index.naming(tenant_id, ShardId("nobody"))] == []


def naming(tenant_id: str, external_id: str, *targets: str) -> Shard:
    edges = [
        InternalRelationship(
            id=f"{external_id}-{target}",
            target_shard_id=target,
            target_shard_type_id="c_account",
            relationship_type="belongs_to",
            metadata=EdgeMetadata(confidence=1, source="crm", extraction_method="reference"),
            created_at=NOON,
            created_by="enrichment",
        ).model_dump(mode="json", by_alias=True)
        for target in targets
    ]
    return sample_shard(tenant_id, external_id=external_id).model_copy(update={"internal_relationships": tuple(edges)})


# --- people


def person(tenant_id: str, user_id: str, email: str | None, *, status: Status = "active", **said: Any) -> Shard:
    record = sample_record(user_id, record_type="User")
    data = {"name": "Jane", "email": email, "isActive": True, **said}
    made = {"shard_type_id": "c_person", "structured_data": data, "external_relationships": (record,), "status": status}
    return sample_shard(tenant_id, external_id=user_id).model_copy(update=made)


def principal(user_id: str) -> Principal:
    return group("salesforce", f"{ORGANIZATION}/{user_id}")


async def test_an_address_stands_for_each_active_person_who_has_it(stores: Stores, tenant_id: str) -> None:
    for shard in (
        person(tenant_id, "005A", "jane@acme.example"),
        person(tenant_id, "005B", "Jane@Acme.example"),
        person(tenant_id, "005C", "john@acme.example"),
        person(tenant_id, "005D", "jane@acme.example", isActive=False),
        person(tenant_id, "005E", "jane@acme.example", status="deleted"),
        person(tenant_id, "005F", "jane@acme.example", status="draft"),
        person(tenant_id, "005G", None),
        person(tenant_id, "005H", "jane@acme.example", isActive=None),
        person(f"{tenant_id}-other", "005I", "jane@acme.example"),
        person(tenant_id, "003A", "jane@acme.example").model_copy(update={"shard_type_id": "c_contact"}),
    ):
        await stores.shards.create(shard)

    found = await stores.directory.principals_of(tenant_id, "jane@acme.example")

    assert found == {principal("005A"), principal("005B"), principal("005H")}


async def test_a_full_member_of_a_workspace_stands_for_it_and_a_deactivated_one_does_not(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(person(tenant_id, "005A", "jane@acme.example", workspaces='["T1", "T2"]'))
    await stores.shards.create(person(tenant_id, "005B", "jane@acme.example", workspaces='["T3"]', isActive=False))

    assert await stores.directory.principals_of(tenant_id, "jane@acme.example") == {principal("005A"), principal("T1"), principal("T2")}


async def test_a_letter_that_only_looks_alike_is_another_address(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(person(tenant_id, "005A", "\N{KELVIN SIGN}ate@acme.example"))

    assert await stores.directory.principals_of(tenant_id, "kate@acme.example") == frozenset()


async def test_nobody_at_the_sources_is_nobody(stores: Stores, tenant_id: str) -> None:
    assert await stores.directory.principals_of(tenant_id, "jane@acme.example") == frozenset()


# --- in folders


FOLDER_FIELDS = ("parentExternalId", "parentFolderExternalId")


def in_folder(tenant_id: str, external_id: str, field: str, folder_id: str | None, *, status: Status = "active") -> Shard:
    data: dict[str, Any] = {"name": external_id, field: folder_id}
    return sample_shard(tenant_id, external_id=external_id).model_copy(update={"structured_data": data, "status": status})


async def test_what_is_in_a_folder_is_found_by_either_name_of_the_field(stores: Stores, tenant_id: str) -> None:
    for shard in (
        in_folder(tenant_id, "a folder", "parentExternalId", "F"),
        in_folder(tenant_id, "a file", "parentFolderExternalId", "F"),
        in_folder(tenant_id, "deleted", "parentFolderExternalId", "F", status="deleted"),
        in_folder(tenant_id, "archived", "parentFolderExternalId", "F", status="archived"),
        in_folder(tenant_id, "placeholder", "parentFolderExternalId", "F", status="draft"),
        in_folder(tenant_id, "elsewhere", "parentFolderExternalId", "G"),
        in_folder(tenant_id, "spelled otherwise", "parentFolderExternalId", "f"),
        in_folder(tenant_id, "nowhere", "parentFolderExternalId", None),
        in_folder(tenant_id, "another field", "managerId", "F"),
        in_folder(f"{tenant_id}-other", "theirs", "parentFolderExternalId", "F"),
    ):
        await stores.shards.create(shard)
    await give_up(stores.shards, tenant_id, "an-old-id", sample_shard(tenant_id, external_id="a file").id)

    found = [shard async for shard in stores.index.within(tenant_id, FOLDER_FIELDS, "F")]

    assert {shard.structured_data["name"] for shard in found} == {"a folder", "a file", "deleted", "archived"}
    assert {shard.etag for shard in found} == {None}
    assert [shard async for shard in stores.index.within(tenant_id, FOLDER_FIELDS[:1], "F")] == [
        shard for shard in found if shard.structured_data["name"] == "a folder"
    ]


async def test_more_than_a_page_of_what_is_in_a_folder_is_all_found(stores: Stores, tenant_id: str) -> None:
    shard = in_folder(tenant_id, "a file", "parentFolderExternalId", "F").document()
    for number in range(450):
        await stores.put_shard({**shard, "id": f"shard-{number}"})

    assert len([one async for one in stores.index.within(tenant_id, FOLDER_FIELDS, "F")]) == 450


@pytest.mark.parametrize(
    ("after", "up_to", "found"),
    [
        (None, None, ["A1", "A2", "B"]),
        ("2026-11-20T10:00:00.000000Z", None, ["A2", "B"]),
        (None, "2026-11-20T10:00:00.001000Z", ["A1", "A2"]),
        ("2026-11-20T10:00:00.000000Z", "2026-11-20T10:00:00.001000Z", ["A2"]),
        ("2026-11-21T00:00:00.000000Z", None, []),
    ],
)
async def test_a_range_may_be_of_a_canonical_field_and_its_keys_are_still_the_records(
    stores: Stores, tenant_id: str, after: str | None, up_to: str | None, found: list[str]
) -> None:
    moments = {"B": "2026-11-20T10:00:01.000000Z", "A1": "2026-11-20T10:00:00.000000Z", "A2": "2026-11-20T10:00:00.001000Z"}
    for external_id, moment in moments.items():
        shard = sample_shard(tenant_id, external_id=external_id)
        data = {"name": external_id, "createdDate": moment}
        await stores.shards.create(
            shard.model_copy(update={"structured_data": data, "external_relationships": (sample_record(external_id),)})
        )

    kind = replace(accounts(tenant_id), range_field="createdDate")

    assert await keys(stores.index.between(kind, after=after, up_to=up_to)) == found


async def test_a_record_without_the_field_of_the_range_is_in_no_range_that_is_bounded(stores: Stores, tenant_id: str) -> None:
    await store(stores, tenant_id, "A")
    kind = replace(accounts(tenant_id), range_field="createdDate")

    assert await keys(stores.index.between(kind, after="2026", up_to=None)) == []
    assert await keys(stores.index.between(kind, after=None, up_to="2027")) == []


# --- audiences


JANE, SALES = Principal("user:jane@acme.example"), Principal("group:gdrive:sales@acme.example")


def audience(tenant_id: str, folder_id: str, *members: Principal, status: Status = "active") -> Shard:
    metadata = Metadata(audience=Audience(principal=group("gdrive", folder_id), members=members))
    return sample_shard(tenant_id, external_id=folder_id).model_copy(update={"metadata": metadata, "status": status})


async def test_the_audiences_of_a_person_are_those_of_active_shards_of_the_tenant_that_name_them(stores: Stores, tenant_id: str) -> None:
    for shard in (
        audience(tenant_id, "F1", JANE),
        audience(tenant_id, "F2", Principal("user:john@acme.example"), JANE),
        audience(tenant_id, "F3", SALES),
        audience(tenant_id, "F4", Principal("user:john@acme.example")),
        audience(tenant_id, "F5", JANE, status="deleted"),
        audience(tenant_id, "F6", JANE, status="archived"),
        audience(f"{tenant_id}-other", "F7", JANE),
        sample_shard(tenant_id, external_id="none"),
    ):
        await stores.shards.create(shard)

    async def of(*members: Principal) -> set[str]:
        return {one.rpartition(":")[2] for one in await stores.directory.audiences_of(tenant_id, members)}

    assert await of(JANE) == {"F1", "F2"}
    assert await of(JANE, SALES) == {"F1", "F2", "F3"}
    assert await of(Principal("user:nobody@acme.example")) == set()
    assert await of() == set()


async def test_people_are_members_by_reference_too(stores: Stores, tenant_id: str) -> None:
    ann, bob = (Principal(f"group:slack:T1/{one}") for one in ("U1", "U2"))
    for channel_id, members in (("C1", (ann, bob)), ("C2", (bob,))):
        await stores.shards.create(audience(tenant_id, channel_id, *members))

    assert await stores.directory.audiences_of(tenant_id, [ann, JANE]) == {group("gdrive", "C1")}


async def test_whoever_is_no_longer_named_is_of_no_audience_at_the_very_next_question(stores: Stores, tenant_id: str) -> None:
    stored = await stores.shards.create(audience(tenant_id, "F1", JANE))
    assert await stores.directory.audiences_of(tenant_id, [JANE]) == {group("gdrive", "F1")}

    await stores.shards.change(stored, sample_change("Not Jane's any more"))

    assert await stores.directory.audiences_of(tenant_id, [JANE]) == frozenset()


async def test_more_audiences_than_a_page_holds_are_all_found(stores: Stores, tenant_id: str) -> None:
    for number in range(1_100):
        await stores.put_shard({**audience(tenant_id, f"F{number}", JANE).document(), "id": f"shard-{number}"})

    assert len(await stores.directory.audiences_of(tenant_id, [JANE])) == 1_100
