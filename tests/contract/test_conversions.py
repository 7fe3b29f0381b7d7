"""The mappings, held to golden triples and to the shard types they fill.

``tests/fixtures/<source>/<name>.json`` is a vendor's record, ``<name>.event.json`` the event that carries it, and ``<name>.shard.json``
what normalization stores of it at noon of 2026-11-21. Adding the three files is adding the test.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.conversion import Conversion
from shared.conversions.fields import Choice, FieldKind, IdentifierWhen
from shared.conversions.registry import CONVERSIONS, conversion_of
from shared.shard_types.registry import shard_type

FIXTURES = Path(__file__).parents[1] / "fixtures"
SOURCES = sorted({table.source for table in CONVERSIONS})
ENDINGS = (".event.json", ".shard.json", ".json")
OF_THE_TABLE = "of the table"
"""Stands for the conversion's version in a golden shard: it changes with every row of the table, and says nothing of this record."""


def names() -> list[Path]:
    """Each triple, by the path its three files share."""
    files = [path for source in SOURCES for path in (FIXTURES / source).glob("*.json")]
    return sorted({path.with_name(path.name.split(".")[0]) for path in files})


def part(name: Path, ending: str) -> Any:
    return json.loads(name.with_name(name.name + ending).read_text())


each_triple = pytest.mark.parametrize("name", names(), ids=lambda name: f"{name.parent.name}/{name.name}")
each_table = pytest.mark.parametrize("table", CONVERSIONS, ids=lambda table: f"{table.source}-{table.record_type}-{table.shard_type_id}")


def rows() -> list[Any]:
    return [
        pytest.param(table, name, kind, id=f"{table.source}-{table.record_type}-{table.shard_type_id}-{name}")
        for table in CONVERSIONS
        for name, kind in table.fields.items()
    ]


each_row = pytest.mark.parametrize(("table", "canonical", "kind"), rows())


@each_triple
async def test_a_vendors_record_becomes_this_shard(name: Path) -> None:
    pipeline = InMemoryPipeline()
    event = IngestionEvent.from_object(part(name, ".event.json"))

    await pipeline.publisher.publish(event)
    await pipeline.run()

    [shard] = pipeline.shards.all()
    table = conversion_of(event.source, event.record_type, event.payload)
    stored = shard.document()
    assert stored["normalization"]["conversionVersion"] == table.version
    stored["normalization"]["conversionVersion"] = OF_THE_TABLE
    assert stored == part(name, ".shard.json")


@each_triple
def test_the_event_carries_the_record_as_the_vendor_gave_it(name: Path) -> None:
    assert part(name, ".event.json")["payload"] == part(name, ".json")


@each_triple
async def test_the_shard_does_not_change_when_the_record_is_seen_again(name: Path) -> None:
    pipeline = InMemoryPipeline()
    event = IngestionEvent.from_object(part(name, ".event.json"))

    await pipeline.publisher.publish(event)
    await pipeline.run()
    [first] = pipeline.shards.all()
    pipeline.clock.advance(seconds=3601)
    await pipeline.publisher.publish(event)
    await pipeline.run()

    [again] = pipeline.shards.all()
    assert again.document() == first.document()


def test_every_file_is_part_of_a_triple() -> None:
    files = {path for source in SOURCES for path in (FIXTURES / source).iterdir()}

    assert {name.with_name(name.name + ending) for name in names() for ending in ENDINGS} == files


@each_table
def test_every_table_has_a_triple(table: Conversion) -> None:
    events = [part(name, ".event.json") for name in names()]
    seen = [conversion_of(event["source"], event.get("recordType"), event["payload"]) for event in events]

    assert table in seen


READ_TWICE = {"c_channel": ("purpose",), "c_file": ("sourceUrl", "shortcutTargetFolderId")}
"""Two names of the product's for one text, and for one address; and the id of what a shortcut leads to, by what that is."""


@cache
def properties_of(shard_type_id: str) -> dict[str, Any]:
    properties: dict[str, Any] = shard_type(shard_type_id).document()["schema"]["properties"]
    return properties


def types_of(schema: dict[str, Any]) -> set[str]:
    return {option["type"] for option in schema.get("anyOf", [schema])} - {"null"}


JSON_TYPES = {
    "text": "string",
    "number": "number",
    "whole number": "integer",
    "flag": "boolean",
    "day": "string",
    "moment": "string",
    "choice": "string",
    "identifier": "string",
    "identifier when": "string",
    "permissions": "string",
    "members": "string",
    "email": "string",
    "first text": "string",
    "opposite flag": "boolean",
    "any flag": "boolean",
    "moment in seconds": "string",
    "list of ids": "string",
    "list of teams": "string",
    "roster": "string",
    "member count": "integer",
}


@each_row
def test_a_row_fills_a_field_of_its_shard_type(table: Conversion, canonical: str, kind: FieldKind) -> None:
    assert types_of(properties_of(table.shard_type_id)[canonical]) == {JSON_TYPES[kind.kind]}


@each_row
def test_every_label_of_a_row_leads_to_a_known_value(table: Conversion, canonical: str, kind: FieldKind) -> None:
    labels = kind.labels if isinstance(kind, Choice) else {}

    assert set(labels.values()) <= set(properties_of(table.shard_type_id)[canonical].get("examples", ()))


@each_table
def test_derived_fields_are_fields_of_the_shard_type_and_follow_rows_of_the_table(table: Conversion) -> None:
    for canonical, derivation in table.derived.items():
        assert types_of(properties_of(table.shard_type_id)[canonical]) == {JSON_TYPES.get(derivation.kind, "string")}
        assert set(derivation.inputs) <= set(table.fields)


@each_table
def test_a_table_can_fill_every_required_field(table: Conversion) -> None:
    required = shard_type(table.shard_type_id).document()["schema"]["required"]

    assert set(required) <= {*table.fields, *table.derived}


@each_table
def test_no_vendor_field_fills_two_fields(table: Conversion) -> None:
    vendor = [kind.field for name, kind in table.fields.items() if name not in READ_TWICE.get(table.shard_type_id, ())]

    assert len(set(vendor)) == len(vendor)


def test_of_two_fields_that_read_one_id_only_one_is_ever_filled() -> None:
    table = conversion_of("gdrive", "File")
    whens = [table.fields[name] for name in ("shortcutTargetId", "shortcutTargetFolderId")]

    assert [(kind.field, kind.says, kind.values) for kind in whens if isinstance(kind, IdentifierWhen)] == [
        ("shortcutDetails.targetId", "shortcutDetails.targetMimeType", ("application/vnd.google-apps.folder",))
    ] * 2
    assert {kind.is_not for kind in whens if isinstance(kind, IdentifierWhen)} == {True, False}
