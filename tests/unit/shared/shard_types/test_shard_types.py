"""Shard types: what their structured data must hold, and how the stored definitions follow the registry."""

import json
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from devtools.fakes.stores import InMemoryShardTypes
from shared.errors import UnmappableRecord
from shared.shard_types.account import INDUSTRIES
from shared.shard_types.ensure import ensure_shard_types
from shared.shard_types.registry import SHARD_TYPES, shard_type
from shared.shard_types.shard_type import ShardType, StructuredData

each_type = pytest.mark.parametrize("known", SHARD_TYPES, ids=lambda known: known.id)

REQUIRED: dict[str, dict[str, Any]] = {
    "c_account": {"name": "Northwind"},
    "c_channel": {"name": "sales", "platform": "slack", "externalId": "C024BE91L"},
    "c_contact": {"name": "Ada Lovelace"},
    "c_file": {"name": "Offer.pdf", "provider": "gdrive", "externalId": "1a"},
    "c_folder": {"name": "Offers", "provider": "gdrive", "externalId": "1b"},
    "c_group": {"name": "Sales", "email": "sales@acme.example"},
    "c_lead": {"name": "Grace Hopper"},
    "c_opportunity": {"name": "Deal"},
    "c_person": {"name": "Vera Nyberg"},
    "c_project": {"name": "Harbour crane"},
    "integration.state": {
        "name": "s",
        "connectionId": "salesforce:00D",
        "source": "salesforce",
        "stream": "Opportunity",
        "kind": "changes",
    },
}


def test_the_registry_holds_the_types_of_the_product() -> None:
    assert [known.id for known in SHARD_TYPES] == [
        "c_account",
        "c_channel",
        "c_contact",
        "c_file",
        "c_folder",
        "c_group",
        "c_lead",
        "c_opportunity",
        "c_person",
        "c_project",
        "integration.state",
    ]


def test_a_type_the_registry_does_not_know_is_refused() -> None:
    with pytest.raises(UnmappableRecord, match=r"^no shard type c_unknown$"):
        shard_type("c_unknown")


@each_type
def test_a_type_asks_for_its_required_fields_and_no_others(known: ShardType) -> None:
    known.check(REQUIRED[known.id])

    for name in REQUIRED[known.id]:
        without = {key: value for key, value in REQUIRED[known.id].items() if key != name}
        with pytest.raises(UnmappableRecord, match=rf"^{known.id}: required field {name} is missing$"):
            known.check(without)


@each_type
@pytest.mark.parametrize(("name", "said"), [(None, "string_type"), ("", "string_too_short"), (7, "string_type"), (["n"], "string_type")])
def test_a_name_is_a_text_that_is_not_empty(known: ShardType, name: object, said: str) -> None:
    with pytest.raises(UnmappableRecord, match=rf"^{known.id}: name: {said}$"):
        known.check({**REQUIRED[known.id], "name": name})


@each_type
def test_every_other_field_may_be_null(known: ShardType) -> None:
    properties = known.document()["schema"]["properties"]

    known.check({**dict.fromkeys(properties), **REQUIRED[known.id]})


@each_type
def test_fields_of_other_writers_are_welcome(known: ShardType) -> None:
    known.check({**REQUIRED[known.id], "aFieldOfAnotherWriter": {"deep": [1]}})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"amount": "100000.0"}, "amount: float_type"),
        ({"amount": float("nan")}, "amount: finite_number"),
        ({"isWon": "true"}, "isWon: bool_type"),
        ({"isWon": 1}, "isWon: bool_type"),
        ({"probability": 101}, "probability: less_than_equal"),
        ({"probability": -1}, "probability: greater_than_equal"),
        ({"fiscalQuarter": 5}, "fiscalQuarter: less_than_equal"),
        ({"fiscalYear": 2026.5}, "fiscalYear: int_type"),
        ({"stage": 3}, "stage: string_type"),
        ({"amount": "s3cr3t", "isWon": "s3cr3t"}, "isWon: bool_type; amount: float_type"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(data: dict[str, Any], said: str) -> None:
    with pytest.raises(UnmappableRecord) as refused:
        shard_type("c_opportunity").check({"name": "s3cr3t", **data})

    assert str(refused.value) == f"c_opportunity: {said}"


@pytest.mark.parametrize("data", [{"amount": 100_000}, {"amount": 0.1}, {"stage": "our own stage"}, {"probability": 0}, {"type": None}])
def test_a_right_value_is_welcome(data: dict[str, Any]) -> None:
    shard_type("c_opportunity").check({"name": "Deal", **data})


def test_a_definition_says_what_is_known_of_each_field() -> None:
    document = shard_type("c_account").document()

    assert (document["id"], document["schemaVersion"], document["isSystem"]) == ("c_account", 1, True)
    assert document["schema"]["required"] == ["name"]
    assert document["schema"]["properties"]["industry"]["examples"] == list(INDUSTRIES)
    assert json.loads(json.dumps(document)) == document


class Store(InMemoryShardTypes):
    """Definitions that go through JSON, as a store's do."""

    @override
    async def write(self, document: dict[str, Any]) -> None:
        await super().write(json.loads(json.dumps(document)))


ALL = [known.id for known in SHARD_TYPES]


async def test_missing_definitions_are_made() -> None:
    store = Store()

    written = await ensure_shard_types(SHARD_TYPES, store=store)

    assert written == ALL
    assert store.known["c_account"] == shard_type("c_account").document()


async def test_ensuring_again_writes_nothing() -> None:
    store = Store()
    await ensure_shard_types(SHARD_TYPES, store=store)

    assert await ensure_shard_types(SHARD_TYPES, store=store) == []


async def test_what_the_store_adds_is_no_difference() -> None:
    store = Store()
    await ensure_shard_types(SHARD_TYPES, store=store)
    store.known["c_account"]["_etag"] = '"7"'

    assert await ensure_shard_types(SHARD_TYPES, store=store) == []


class Changed(StructuredData):
    """Another schema."""

    name: str
    added: str | None = None


ACCOUNT = shard_type("c_account")


@pytest.mark.parametrize(
    ("stored", "wanted", "written"),
    [
        (ACCOUNT, replace(ACCOUNT, schema_version=2, data=Changed), ["c_account"]),
        (ACCOUNT, replace(ACCOUNT, data=Changed), ["c_account"]),
        (ACCOUNT, replace(ACCOUNT, name="Company"), ["c_account"]),
        (replace(ACCOUNT, schema_version=2, data=Changed), ACCOUNT, []),
        (replace(ACCOUNT, schema_version=10), replace(ACCOUNT, schema_version=9), []),
    ],
    ids=["a newer version", "another schema of the same version", "another name", "an older version", "nine is older than ten"],
)
async def test_a_definition_is_upgraded_and_never_downgraded(stored: ShardType, wanted: ShardType, written: list[str]) -> None:
    store = Store()
    await ensure_shard_types([stored], store=store)

    assert await ensure_shard_types([wanted], store=store) == written

    newest = wanted if written else stored
    assert store.known["c_account"] == newest.document()


async def test_a_definition_from_before_versions_is_upgraded() -> None:
    store = Store()
    store.known["c_account"] = {"id": "c_account"}

    assert await ensure_shard_types([ACCOUNT], store=store) == ["c_account"]
