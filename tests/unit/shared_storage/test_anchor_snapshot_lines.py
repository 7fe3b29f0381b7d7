"""A snapshot's body: what was packed is unpacked, and whatever was not packed by this deployment counts as none."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.linking.anchor import ANCHOR_FIELDS, AnchorRow, AnchorSnapshot
from shared.storage.anchor_snapshots import UNREADABLE, packed, unpacked

TENANT = "t"
texts = st.text(st.characters(codec="utf-8"), max_size=20)
values = st.one_of(texts, st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def rows(draw: st.DrawFn) -> AnchorRow:
    shard_type_id = draw(st.sampled_from(sorted(ANCHOR_FIELDS)))
    known = draw(st.sets(st.sampled_from(ANCHOR_FIELDS[shard_type_id])))
    return AnchorRow(
        shard_id=draw(texts),
        shard_type_id=shard_type_id,
        status=draw(st.sampled_from(("active", "archived", "deleted", "draft"))),
        records=tuple(draw(st.lists(st.tuples(texts, texts, texts, texts), max_size=3))),
        fields={field: draw(values) for field in ANCHOR_FIELDS[shard_type_id] if field in known},
        changed_at=draw(st.integers(0, 2**40)),
    )


snapshots = st.builds(AnchorSnapshot, st.lists(rows(), max_size=5), st.integers(0, 2**40))


def lines_of(body: bytes) -> list[Any]:
    return [json.loads(line) for line in gzip.decompress(body).splitlines()]


def body_of(*lines: Any) -> bytes:
    return gzip.compress("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode())


def read(body: bytes) -> AnchorSnapshot | None:
    try:
        return unpacked(TENANT, body)
    except UNREADABLE:
        return None


@given(snapshots)
def test_what_was_packed_is_unpacked(snapshot: AnchorSnapshot) -> None:
    assert unpacked(TENANT, packed(TENANT, snapshot)) == snapshot


@given(snapshots)
def test_the_same_snapshot_has_the_same_body(snapshot: AnchorSnapshot) -> None:
    assert packed(TENANT, snapshot) == packed(TENANT, snapshot)


@given(snapshots, st.data())
def test_a_body_that_was_cut_off_is_none(snapshot: AnchorSnapshot, data: st.DataObject) -> None:
    body = packed(TENANT, snapshot)

    assert read(body[: data.draw(st.integers(0, len(body) - 1))]) is None


@given(snapshots, st.data())
def test_a_body_that_was_altered_is_none_or_says_the_same(snapshot: AnchorSnapshot, data: st.DataObject) -> None:
    body = bytearray(packed(TENANT, snapshot))
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))

    assert read(bytes(body)) in (None, snapshot)


@given(st.binary(max_size=200))
def test_anything_else_is_none(body: bytes) -> None:
    assert read(body) is None
    assert read(gzip.compress(body)) is None


ROW = AnchorRow("a", "c_account", "active", (("salesforce", "org", "Account", "1"),), {"name": "Acme"}, 7)
HEAD, LINE = lines_of(packed(TENANT, AnchorSnapshot((ROW,), 7)))


@pytest.mark.parametrize(
    "lines",
    [
        [{**HEAD, "version": 2}, LINE],
        [{**HEAD, "knownBy": "other fields"}, LINE],
        [{**HEAD, "tenantId": "another"}, LINE],
        [{**HEAD, "rows": 2}, LINE],
        [HEAD, LINE, LINE],
        [HEAD, LINE[:-1]],
        [HEAD, [*LINE[:2], "sleeping", *LINE[3:]]],
        [HEAD, [*LINE[:4], ["Acme"], *LINE[5:]]],
        [HEAD, [LINE[0], "c_meeting", *LINE[2:]]],
        [HEAD, [LINE[0], None, *LINE[2:]]],
        [HEAD, "{"],
        [HEAD, "[" * 200_000],
        [[], LINE],
        ["null", LINE],
        [{**HEAD, "changedAt": None}, LINE],
    ],
)
def test_what_another_deployment_wrote_is_none(lines: list[Any]) -> None:
    assert read(body_of(HEAD, LINE)) == AnchorSnapshot([ROW], 7)
    assert read(body_of(*lines)) is None


def test_a_hundred_rows_keep_the_name_of_a_field_once() -> None:
    found = unpacked(TENANT, packed(TENANT, AnchorSnapshot([ROW] * 100, 7)))

    assert found is not None
    assert len({id(name) for row in found.rows for name in row.fields}) == 1
    assert len({id(row.shard_type_id) for row in found.rows}) == 1
    assert len({id(part) for row in found.rows for record in row.records for part in record[:3]}) == 3
