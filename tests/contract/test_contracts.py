"""The messages, held to their golden examples.

``tests/fixtures/contracts/<message>/v<n>/`` holds examples, which may be added and never changed, their literal message ids (``ids.json``)
and the message's JSON Schema (``schema.json``). A new message needs its files and no Python.
"""

import copy
import importlib
import json
import pkgutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import shared.contracts
from devtools.fakes.stores import InMemoryClaims
from shared.contracts.claim import Claim, redeemed
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.message import Message
from shared.topology import TOPOLOGY

FIXTURES = Path(__file__).parents[1] / "fixtures" / "contracts"
CLAIM_CHECKED = FIXTURES / "claim-checked" / "v1"
NOT_EXAMPLES = {"ids.json", "schema.json"}


def messages() -> list[type[Message]]:
    for module in pkgutil.iter_modules(shared.contracts.__path__, "shared.contracts."):
        importlib.import_module(module.name)
    return [kind for kind in _below(Message) if kind.__module__.startswith("shared.contracts.") and "TYPE" in vars(kind)]


def _below(kind: type[Message]) -> list[type[Message]]:
    return [found for direct in kind.__subclasses__() for found in (direct, *_below(direct))]


MESSAGES = messages()


def goldens() -> Iterator[Any]:
    for kind in MESSAGES:
        for version in range(1, kind.VERSION + 1):
            for path in sorted((FIXTURES / kind.TYPE / f"v{version}").glob("*.json")):
                if path.name not in NOT_EXAMPLES:
                    yield pytest.param(kind, path, id=f"{kind.TYPE}-v{version}-{path.stem}")


each_golden = pytest.mark.parametrize(("kind", "path"), list(goldens()))
each_message = pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.TYPE)


def test_the_messages_are_those_of_the_architecture() -> None:
    assert {kind.TYPE: kind.QUEUE for kind in MESSAGES} == {
        "SyncRequested": "sync-inbound",
        "IngestionEvent": "ingestion-events",
        "IngestionBatch": "ingestion-events-bulk",
        "ShardEmitted": "shard-emission",
        "EnrichmentDone": "enrichment-jobs",
        "EmbeddingRequested": "embedding-jobs",
        "Rejected": "rejected-messages",
    }


@each_message
def test_a_message_goes_to_a_queue_of_the_topology_and_can_read_every_version_before_its_own(kind: type[Message]) -> None:
    assert kind.QUEUE in {queue.name for queue in TOPOLOGY.queues}
    assert set(kind.UPCASTS) == set(range(1, kind.VERSION))


@each_message
def test_every_version_of_a_message_has_examples(kind: type[Message]) -> None:
    for version in range(1, kind.VERSION + 1):
        folder = FIXTURES / kind.TYPE / f"v{version}"
        assert {path.name for path in folder.glob("*.json")} > NOT_EXAMPLES, f"{folder} holds no example"


@each_golden
def test_a_golden_is_read_and_written_back_the_same(kind: type[Message], path: Path) -> None:
    message = kind.decode(path.read_bytes())

    assert kind.decode(message.encode()) == message


@each_golden
def test_writing_a_golden_adds_nothing_but_defaults(kind: type[Message], path: Path) -> None:
    if path.parent.name != f"v{kind.VERSION}":
        return
    golden = json.loads(path.read_bytes())

    written = json.loads(kind.decode(path.read_bytes()).encode())

    assert written["type"] == kind.TYPE
    assert written["version"] == kind.VERSION
    assert differences(golden, written) == []


@each_golden
def test_the_id_of_a_golden_never_changes(kind: type[Message], path: Path) -> None:
    expected = json.loads((path.parent / "ids.json").read_text())

    assert kind.decode(path.read_bytes()).id == expected[path.name]


def test_nothing_lies_around_that_no_test_refers_to() -> None:
    referred = {golden.values[1] for golden in goldens()}
    for kind in MESSAGES:
        referred |= {FIXTURES / kind.TYPE / f"v{version}" / name for version in range(1, kind.VERSION + 1) for name in NOT_EXAMPLES}
    referred.add(CLAIM_CHECKED / "partial.json")

    assert {path for path in FIXTURES.rglob("*") if path.is_file()} == referred


@each_message
def test_the_ids_name_exactly_the_examples(kind: type[Message]) -> None:
    for folder in (FIXTURES / kind.TYPE).iterdir():
        ids = json.loads((folder / "ids.json").read_text())
        assert set(ids) == {path.name for path in folder.glob("*.json")} - NOT_EXAMPLES
        assert len(set(ids.values())) == len(ids)


def test_the_founding_documents_example_is_valid_with_its_six_fields_alone() -> None:
    golden = json.loads((FIXTURES / "IngestionEvent/v1/minimal.json").read_text())

    event = IngestionEvent.from_object(golden)

    assert list(golden) == ["tenantId", "source", "sourceId", "eventType", "observedAt", "payload"]
    assert (event.connection_id, event.record_type, event.vendor_version, event.correlation_id) == (None, None, None, None)
    assert event.coverage == "complete"


async def test_a_claim_checked_body_leads_to_the_golden_it_stands_for() -> None:
    claims = InMemoryClaims()
    put_aside = (FIXTURES / "IngestionEvent/v1/partial.json").read_bytes()
    body = (CLAIM_CHECKED / "partial.json").read_bytes()
    claim = Claim.found_in(json.loads(body))
    assert claim is not None
    await claims.put(claim, put_aside)

    read = await redeemed(body, claims=claims)

    assert claim == Claim.of(put_aside, tenant_id="tenant-1", message_id="534c7b618872d1eb225acbaacfb462d2")
    assert IngestionEvent.from_object(read) == IngestionEvent.decode(put_aside)


@each_message
def test_a_schema_grows_by_optional_fields_only(kind: type[Message]) -> None:
    stored = json.loads((FIXTURES / kind.TYPE / f"v{kind.VERSION}" / "schema.json").read_text())

    assert broken(stored, schema(kind)) == []


@each_message
def test_the_stored_schema_is_the_messages(kind: type[Message]) -> None:
    path = FIXTURES / kind.TYPE / f"v{kind.VERSION}" / "schema.json"
    now = json.dumps(schema(kind), indent=2) + "\n"

    assert path.read_text() == now, f"an optional field may be added: store this as {path.name}\n{now}"


def test_the_comparison_of_schemas_sees_what_would_break_a_reader() -> None:
    stored = schema(IngestionEvent)

    removed, retyped, required, optional, loosened = (copy.deepcopy(stored) for _ in range(5))
    del removed["properties"]["vendorVersion"]
    retyped["properties"]["sourceId"]["type"] = "integer"
    required["properties"]["region"] = {"type": "string"}
    required["required"].append("region")
    optional["properties"]["region"] = {"type": "string", "default": "eu"}
    loosened["required"].remove("observedAt")

    assert broken(stored, removed) == ["vendorVersion was removed"]
    assert broken(stored, retyped) == ["sourceId changed"]
    assert broken(stored, required) == ["region became required"]
    assert broken(stored, loosened) == ["observedAt is no longer required"]
    assert broken(stored, optional) == []


def test_the_comparison_of_schemas_looks_into_the_events_of_a_batch() -> None:
    stored = schema(next(kind for kind in MESSAGES if kind.TYPE == "IngestionBatch"))
    changed = copy.deepcopy(stored)

    del changed["$defs"]["IngestionEvent"]["properties"]["payload"]

    assert broken(stored, changed) == ["IngestionEvent: payload was removed"]


def schema(kind: type[Message]) -> dict[str, Any]:
    """What a reader asks for, without the words."""
    plain: dict[str, Any] = _without_words(kind.model_json_schema(by_alias=True))
    return plain


def broken(stored: dict[str, Any], now: dict[str, Any], where: str = "") -> list[str]:
    """What a reader or writer of the stored schema could not live with."""
    before, after = stored.get("properties", {}), now.get("properties", {})
    asked_before, asked_after = set(stored.get("required", ())), set(now.get("required", ()))
    found = [f"{name} was removed" for name in before if name not in after]
    found += [f"{name} changed" for name in before if name in after and before[name] != after[name]]
    found += [f"{name} became required" for name in sorted(asked_after - asked_before)]
    found += [f"{name} is no longer required" for name in sorted((asked_before - asked_after) & set(after))]
    found = [f"{where}{fault}" for fault in found]
    for name, definition in stored.get("$defs", {}).items():
        found += broken(definition, now.get("$defs", {}).get(name, {}), where=f"{name}: ")
    return found


def differences(golden: Any, written: Any) -> list[str]:
    """Where what is written says something else than the golden; a moment may be written another way."""
    match golden, written:
        case dict(), dict():
            lost = [f"{name} is gone" for name in golden if name not in written]
            added = [f"{name} was added" for name, value in written.items() if name not in golden and not _is_default(name, value)]
            inside = [fault for name in golden.keys() & written.keys() for fault in differences(golden[name], written[name])]
            return lost + added + inside
        case list(), list() if len(golden) == len(written):
            return [fault for pair in zip(golden, written, strict=True) for fault in differences(*pair)]
        case _:
            same = golden == written and type(golden) is type(written)
            at = _moment(golden)
            return [] if same or (at is not None and at == _moment(written)) else [f"{golden!r} became {written!r}"]


def _is_default(name: str, value: Any) -> bool:
    return name in {"type", "version"} or value is None or value in ("complete", False, {})


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _without_words(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: _without_words(item)
                for name, item in value.items()
                if not (name in {"title", "description"} and isinstance(item, str))
            }
        case list():
            return [_without_words(item) for item in value]
        case _:
            return value
