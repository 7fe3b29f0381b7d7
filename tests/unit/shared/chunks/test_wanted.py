"""What a shard's chunks have to be follows from the shard alone."""

from dataclasses import replace
from typing import Any, Final

import pytest
from pydantic import JsonValue

from devtools.fakes.samples import NOON, sample_shard
from shared.access.acl import AclEntry, Principal, readers
from shared.chunks.store import Manifest
from shared.chunks.wanted import Wanted, generation, heading_of, text_of
from shared.shards.model import Shard, Vectors
from shared.topology import LEXICAL, MINILM, SPACES

ADA: Final = Principal("user:ada@acme.example")
BOB: Final = Principal("user:bob@acme.example")


def account(*, data: dict[str, JsonValue] | None = None, **fields: Any) -> Shard:
    """An account named Acme."""
    return sample_shard("acme").model_copy(update={"structured_data": {"name": "Acme", **(data or {})}, **fields})


def wanted(shard: Shard) -> Wanted:
    return Wanted.of(shard, LEXICAL)


def test_a_shard_wants_the_chunks_of_its_text_for_its_readers() -> None:
    shard = account(data={"description": "Makes rockets."}, acl=readers([ADA]), revision_number=7)

    found = wanted(shard)

    assert [chunk.text for chunk in found.chunks] == ["Account: Acme", "Makes rockets."]
    assert (found.revision, found.space, found.principals) == (7, "lexical-512", ("user:ada@acme.example",))


def test_another_name_is_another_first_passage_and_no_other() -> None:
    before = wanted(account(data={"description": "Makes rockets.\n\nSells them."}))
    after = wanted(account(data={"name": "Bcme", "description": "Makes rockets.\n\nSells them."}))

    assert [chunk.text for chunk in after.chunks] == ["Account: Bcme", "Makes rockets.", "Sells them."]
    assert [one.id == other.id for one, other in zip(before.chunks, after.chunks, strict=True)] == [False, True, True]


@pytest.mark.parametrize("status", ["archived", "deleted"])
def test_a_shard_that_is_gone_wants_none(status: str) -> None:
    shard = account(status=status)

    assert (text_of(shard), wanted(shard).chunks) == ("", ())


@pytest.mark.parametrize("status", ["active", "draft"])
def test_a_shard_in_any_other_status_keeps_its_chunks_because_it_may_become_active(status: str) -> None:
    assert len(wanted(account(status=status)).chunks) == 1


@pytest.mark.parametrize("name", [None, "", " ", ["Acme"]], ids=repr)
def test_a_shard_without_a_name_wants_none(name: JsonValue) -> None:
    assert wanted(account(data={"name": name, "description": "Words."})).chunks == ()


@pytest.mark.parametrize("shard_type_id", ["integration.state", "c_of_a_later_deployment"])
def test_a_type_nobody_looks_for_or_knows_wants_none(shard_type_id: str) -> None:
    shard = account(shard_type_id=shard_type_id)

    assert (text_of(shard), heading_of(shard), wanted(shard).chunks) == ("", "", ())


def test_the_text_of_a_file_belongs_to_the_shard() -> None:
    shard = account(unstructured_data={"text": "First page.\n\nSecond page."})

    assert text_of(shard) == "Account: Acme\n\nFirst page.\n\nSecond page."


@pytest.mark.parametrize("unstructured", [None, {}, {"text": None}, {"text": 7}, {"text": ["a"]}, {"text": " "}], ids=repr)
def test_what_is_no_text_is_not_read(unstructured: dict[str, JsonValue] | None) -> None:
    assert text_of(account(unstructured_data=unstructured)) == "Account: Acme"


def test_principals_are_sorted_and_each_is_there_once() -> None:
    entries = [AclEntry(subject=BOB), AclEntry(subject=ADA), AclEntry(subject=BOB, permission_level="write")]

    assert wanted(account(acl=tuple(entries))).principals == ("user:ada@acme.example", "user:bob@acme.example")


def test_the_acl_hash_knows_the_readers_and_nothing_else() -> None:
    plain = wanted(account(acl=readers([ADA, BOB])))
    turned_around = wanted(account(acl=tuple(reversed(readers([ADA, BOB])))))
    of_another_text = wanted(account(acl=readers([ADA, BOB]), data={"description": "Else."}, revision_number=9))
    of_fewer = wanted(account(acl=readers([ADA])))

    assert plain.acl_hash == turned_around.acl_hash == of_another_text.acl_hash
    assert plain.acl_hash != of_fewer.acl_hash


def test_the_content_hash_knows_the_text_and_neither_readers_nor_revision() -> None:
    plain = wanted(account())

    assert wanted(account(acl=readers([ADA]), revision_number=9, data={"fax": "not part of the text"})).content_hash == plain.content_hash
    assert wanted(account(data={"description": "Else."})).content_hash != plain.content_hash


def test_the_content_hash_knows_the_space() -> None:
    here, there = Wanted.of(account(), LEXICAL), Wanted.of(account(), MINILM)

    assert [chunk.text for chunk in here.chunks] == [chunk.text for chunk in there.chunks]
    assert here.content_hash != there.content_hash
    assert here.generation != there.generation
    assert {chunk.id for chunk in here.chunks}.isdisjoint(chunk.id for chunk in there.chunks)


def test_every_type_with_a_template_has_a_generation_of_its_own_in_every_space() -> None:
    types = ("c_account", "c_contact", "c_opportunity", "c_of_a_later_deployment")

    assert len({generation(shard_type_id, space) for shard_type_id in types for space in SPACES}) == 12


def test_the_same_shard_always_wants_the_same() -> None:
    assert wanted(account(data={"description": "Words."})) == wanted(account(data={"description": "Words."}))


def test_a_manifest_with_these_chunks_and_readers_of_whatever_revision_is_all() -> None:
    found = wanted(account(data={"description": "Words."}))
    there = dict.fromkeys([chunk.id for chunk in found.chunks], found.acl_hash)
    manifest = Manifest(revision=1, content_hash=found.content_hash, acl_hash=found.acl_hash, chunks=there)

    assert found.is_held_by(manifest)
    assert replace(found, revision=2).is_held_by(manifest)
    assert not found.is_held_by(Manifest())
    assert not replace(found, acl_hash="f" * 32).is_held_by(manifest)
    assert not replace(found, content_hash="f" * 32).is_held_by(manifest)
    assert not replace(found, chunks=found.chunks[:1]).is_held_by(manifest)
    assert not replace(found, chunks=(*found.chunks, found.chunks[0].model_copy(update={"id": "another"}))).is_held_by(manifest)


def test_where_no_chunks_are_wanted_a_manifest_without_any_is_all() -> None:
    found = wanted(account(status="deleted"))

    assert found.is_held_by(Manifest())
    assert found.is_held_by(Manifest(revision=7, content_hash="f" * 32, acl_hash="f" * 32))
    assert not found.is_held_by(Manifest(chunks={"left-behind": found.acl_hash}))


@pytest.mark.parametrize("other", ["space", "generation", "content_hash", "acl_hash"])
def test_a_summary_tells_of_the_chunks_when_all_that_makes_them_is_the_same(other: str) -> None:
    found = wanted(account())
    summary = Vectors(
        space=found.space,
        quality="lexical",
        generation=found.generation,
        content_hash=found.content_hash,
        acl_hash=found.acl_hash,
        chunk_count=1,
        revision=5,  # whichever
        generated_at=NOON,
    )

    assert found.is_told_by(summary)
    assert not found.is_told_by(summary.model_copy(update={other: "f" * 32}))
