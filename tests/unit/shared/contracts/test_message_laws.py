"""Laws of messages: what is written is read again, ids tell apart what is different, and a claim stays within its tenant."""

import json
import string
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.access.acl import ADMINS_ONLY
from shared.chunks.chunk import Chunk
from shared.contracts.canonical import canonical_json, digest
from shared.contracts.claim import Claim
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.message import Message, Wire, timestamp
from shared.contracts.rejected import Rejected
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import ContractViolation
from shared.shards.carried import CarriedShard
from shared.shards.model import Metadata, Shard

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
identifiers = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001 - hypothesis wants bounds without a zone
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8)


def made(kind: type[Wire], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(fields).map(lambda said: kind(**said))


events = made(
    IngestionEvent,
    tenant_id=identifiers,
    correlation_id=st.none() | texts,
    source=st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True),
    source_id=identifiers,
    event_type=st.sampled_from(["create", "update", "delete"]),
    observed_at=moments,
    payload=st.none() | st.dictionaries(texts, values, max_size=3),
    connection_id=st.none() | identifiers,
    record_type=st.none() | identifiers,
    vendor_version=st.none() | identifiers,
    coverage=st.just("complete") | st.lists(texts, max_size=3).map(tuple),
)
batches = st.lists(events, min_size=1, max_size=3).map(
    lambda found: IngestionBatch(
        tenant_id="t",
        connection_id="salesforce:00D",
        events=tuple(event.model_copy(update={"tenant_id": "t", "connection_id": "salesforce:00D"}) for event in found),
    )
)
emissions = made(
    ShardEmitted,
    tenant_id=identifiers,
    correlation_id=st.none() | texts,
    shard_id=identifiers,
    shard_type_id=identifiers,
    revision=st.integers(1, 10**9),
    cause=st.sampled_from(["content", "text", "acl", "person"]) | st.from_regex(r"relink:[0-9a-f]{32}", fullmatch=True),
)
shards = made(
    Shard,
    id=identifiers,
    tenant_id=st.just("t"),
    shard_type_id=identifiers,
    schema_version=st.integers(1, 9),
    structured_data=st.dictionaries(texts, values, max_size=3),
    unstructured_data=st.none() | st.dictionaries(texts, values, max_size=2),
    internal_relationships=st.lists(st.dictionaries(texts, values, max_size=2), max_size=2).map(tuple),
    acl=st.just(ADMINS_ONLY),
    metadata=st.just(Metadata()),
    status=st.sampled_from(["active", "archived", "deleted", "draft"]),
    revision_number=st.integers(1, 10**9),
    created_at=moments,
    updated_at=moments,
)
enrichments = st.tuples(shards, moments).map(
    lambda carried: EnrichmentDone(
        tenant_id="t",
        shard_id=carried[0].id,
        shard_type_id=carried[0].shard_type_id,
        revision=carried[0].revision_number,
        edge_set_hash=digest(*carried[0].structured_data),
        carried=CarriedShard(shard=carried[0], etag="e", stored_at=carried[1]),
    )
)
chunks = made(Chunk, id=identifiers, start=st.integers(0, 10**6), end=st.integers(0, 10**6), text=texts)
hashes = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
requests = made(
    EmbeddingRequested,
    tenant_id=identifiers,
    correlation_id=st.none() | texts,
    shard_id=identifiers,
    shard_type_id=identifiers,
    revision=st.integers(1, 10**9),
    space=identifiers,
    generation=hashes,
    content_hash=hashes,
    acl_hash=hashes,
    principals=st.lists(texts, max_size=3).map(tuple),
    chunks=st.lists(chunks, max_size=3).map(tuple),
)
messages = events | batches | emissions | enrichments | requests
rejections = made(
    Rejected,
    tenant_id=identifiers,
    correlation_id=st.none() | texts,
    queue=identifiers,
    original_id=identifiers,
    reason=st.sampled_from(["UnmappableRecord", "ContractViolation", "ClaimLost"]),
    detail=texts,
    body=texts,
    body_is_base64=st.booleans(),
    properties=st.dictionaries(texts, texts | st.integers(-(2**31), 2**31), max_size=3),
    attempts=st.integers(1, 20),
    rejected_at=moments,
)


@given(messages | rejections)
@settings(deadline=None, max_examples=150)
def test_what_is_written_is_read_again(message: Message) -> None:
    read = type(message).decode(message.encode())

    assert read == message
    assert read.id == message.id
    assert read.encode() == message.encode()


@given(messages | rejections)
@settings(deadline=None, max_examples=50)
def test_an_id_is_32_hexadecimal_characters(message: Message) -> None:
    assert len(message.id) == 32
    assert set(message.id) <= set(string.hexdigits.lower())


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
@settings(deadline=None)
def test_a_digest_tells_apart_what_is_different(some: list[str], others: list[str]) -> None:
    assert (digest(*some) == digest(*others)) == (some == others)


@given(events, events)
@settings(deadline=None, max_examples=100)
def test_two_events_share_an_id_only_when_they_say_the_same(one: IngestionEvent, other: IngestionEvent) -> None:
    assert (one.id == other.id) == (
        canonical_json([one.tenant_id, *one.identity()]) == canonical_json([other.tenant_id, *other.identity()])
    )


SEEN = datetime(2026, 11, 21, 12, tzinfo=UTC)


def seen(**changes: Any) -> IngestionEvent:
    said: dict[str, Any] = {
        "tenant_id": "a",
        "source": "salesforce",
        "source_id": "006A",
        "event_type": "update",
        "observed_at": SEEN,
        "payload": {"Name": "Deal"},
        "connection_id": "salesforce:00D",
        "record_type": "Opportunity",
        "vendor_version": "001795262398000",
    }
    return IngestionEvent(**{**said, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant_id": "b"},
        {"source": "slack"},
        {"source_id": "006B"},
        {"event_type": "delete"},
        {"payload": {"Name": "Deals"}},
        {"payload": None},
        {"payload": {}},
        {"connection_id": "salesforce:00E"},
        {"connection_id": None},
        {"record_type": "Account"},
        {"vendor_version": "001795262398001"},
        {"vendor_version": None},
        {"coverage": ("Name",)},
    ],
    ids=str,
)
def test_an_event_that_differs_in_this_has_another_id(changes: dict[str, Any]) -> None:
    assert seen(**changes).id != seen().id


@pytest.mark.parametrize("changes", [{"correlation_id": "another"}, {"observed_at": SEEN + timedelta(seconds=1)}], ids=str)
def test_the_same_version_seen_again_has_the_same_id(changes: dict[str, Any]) -> None:
    assert seen(**changes).id == seen().id


def test_a_record_without_a_vendor_version_is_told_apart_by_the_moment() -> None:
    first = seen(vendor_version=None)

    assert seen(vendor_version=None, observed_at=SEEN + timedelta(microseconds=1)).id != first.id
    assert seen(vendor_version=None, observed_at=SEEN.astimezone(timezone(timedelta(hours=9)))).id == first.id


def test_moving_a_character_from_tenant_to_record_makes_another_id() -> None:
    assert seen(tenant_id="a", connection_id="bc").id != seen(tenant_id="ab", connection_id="c").id
    assert (
        ShardEmitted(tenant_id="a", shard_id="bc", shard_type_id="t", revision=1, cause="content").id
        != ShardEmitted(tenant_id="ab", shard_id="c", shard_type_id="t", revision=1, cause="content").id
    )


def test_an_emission_has_one_id_per_shard_revision_and_cause() -> None:
    def emitted(shard: str, revision: int, cause: str, **more: str) -> str:
        return ShardEmitted(tenant_id="t", shard_id=shard, revision=revision, cause=cause, shard_type_id="c_account", **more).id

    assert emitted("s", 1, "content") == emitted("s", 1, "content", correlation_id="another")
    assert len({emitted("s", 1, "content"), emitted("s", 2, "content"), emitted("s", 1, "acl"), emitted("s1", 1, "content")}) == 4


def test_what_a_stage_tells_has_one_id_per_revision_and_what_it_is_about() -> None:
    def enriched(revision: int, edges: str) -> str:
        return EnrichmentDone(tenant_id="t", shard_id="s", shard_type_id="x", revision=revision, edge_set_hash=digest(edges)).id

    def requested(revision: int, words: str, readers: str, space: str = "lexical-512") -> str:
        hashes = {"generation": digest(), "content_hash": digest(words), "acl_hash": digest(readers)}
        named = {"tenant_id": "t", "shard_id": "s", "shard_type_id": "x", "revision": revision, "space": space}
        return EmbeddingRequested.model_validate({**named, **hashes, "principals": (), "chunks": ()}).id

    assert len({enriched(1, "a"), enriched(2, "a"), enriched(1, "b")}) == 3
    assert len({requested(1, "a", "a"), requested(2, "a", "a"), requested(1, "b", "a"), requested(1, "a", "b")}) == 4
    assert requested(1, "a", "a", space="another-512") == requested(1, "a", "a")


def test_messages_of_two_kinds_never_share_an_id() -> None:
    ids = {kind: digest("t", kind, "same", "1", "content") for kind in ("IngestionEvent", "IngestionBatch", "ShardEmitted", "Rejected")}

    assert len(set(ids.values())) == 4
    assert ShardEmitted(tenant_id="t", shard_id="same", shard_type_id="x", revision=1, cause="content").id == ids["ShardEmitted"]


def test_the_same_message_rejected_from_two_queues_is_two_rejections() -> None:
    def parked(queue: str, original_id: str) -> str:
        return Rejected(
            tenant_id="t",
            queue=queue,
            original_id=original_id,
            reason="Forbidden",
            detail="",
            body="",
            attempts=1,
            rejected_at=SEEN,
        ).id

    assert len({parked("ingestion-events", "m"), parked("shard-emission", "m"), parked("ingestion-events", "m#r1")}) == 3


@given(moments, moments)
@settings(deadline=None, max_examples=100)
def test_moments_as_text_sort_as_moments_do(one: datetime, other: datetime) -> None:
    assert (timestamp(one) < timestamp(other)) == (one.astimezone(UTC) < other.astimezone(UTC))
    assert datetime.fromisoformat(timestamp(one)) == one


def test_a_moment_is_written_in_utc_with_microseconds() -> None:
    assert timestamp(datetime(2026, 11, 21, 13, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-21T12:00:00.000000Z"
    assert timestamp(datetime(999, 1, 1, tzinfo=UTC)) == "0999-01-01T00:00:00.000000Z"


@given(identifiers, identifiers, st.binary(max_size=20))
@settings(deadline=None, max_examples=100)
def test_a_claim_of_one_tenant_never_names_anothers_blob(one: str, other: str, body: bytes) -> None:
    claim = Claim.of(body, tenant_id=one, message_id="m")
    forged = {"tenantId": other, "claim": {**claim.model_dump(mode="json", by_alias=True), "tenantId": other}}

    if one == other:
        assert Claim.found_in(forged) == claim
    else:
        with pytest.raises(ContractViolation, match=r"^the claim is not of its message's tenant$"):
            Claim.found_in(forged)


@given(st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8))
@settings(deadline=None, max_examples=100)
def test_the_canonical_form_survives_json(value: Any) -> None:
    assert canonical_json(json.loads(canonical_json(value))) == canonical_json(value)


@given(batches)
@settings(deadline=None, max_examples=30)
def test_a_batch_is_written_as_any_message_is(batch: IngestionBatch) -> None:
    assert json.loads(batch.encode()) == json.loads(Message.encode(batch))
