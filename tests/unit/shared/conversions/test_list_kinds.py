"""How lists, flags that belong together, and moments in seconds are read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.conversions.conversion import Conversion
from shared.conversions.fields import AnyFlag, EpochSeconds, FieldKind, FirstText, NotFlag
from shared.conversions.lists import Identifiers, Roster, Teams
from shared.errors import UnmappableRecord

TEAMS = Teams(field="F", several="org.teams", unless=("gone", "guest"))


def table(kind: FieldKind) -> Conversion:
    return Conversion(
        source="slack", record_type="Thing", shard_type_id="c_channel", system_type="messaging", scope="account", fields={"canonical": kind}
    )


@pytest.mark.parametrize(
    ("kind", "record", "read"),
    [
        (Identifiers(field="F"), {"F": ["T2", "T1", "T2"]}, '["T1", "T2"]'),
        (Identifiers(field="F"), {"F": []}, None),
        (Roster(field="F"), {"F": ["U2", "U1"]}, '["U1", "U2"]'),
        (Roster(field="F"), {"F": []}, "[]"),
        (NotFlag(field="F"), {"F": True}, False),
        (NotFlag(field="F"), {"F": "false"}, True),
        (AnyFlag(field="F", others=("G",)), {"F": False, "G": True}, True),
        (AnyFlag(field="F", others=("G",)), {"F": False}, False),
        (AnyFlag(field="F", others=("G",)), {"G": False}, False),
        (EpochSeconds(field="F"), {"F": 1449252889}, "2015-12-04T18:14:49.000000Z"),
        (EpochSeconds(field="F"), {"F": "1449252889.5"}, "2015-12-04T18:14:49.500000Z"),
        (FirstText(field="F", others=("p.n",)), {"F": "", "p": {"n": "Ada"}}, "Ada"),
        (FirstText(field="F", others=("p.n",)), {"F": "A.", "p": {"n": "Ada"}}, "A."),
        (FirstText(field="F", others=("p.n",)), {"F": "", "p": {"n": ""}}, None),
        (TEAMS, {"F": "T1"}, '["T1"]'),
        (TEAMS, {"F": "T1", "org": {"teams": ["T2", "T1"]}}, '["T1", "T2"]'),
        (TEAMS, {"F": "T1", "org": {"teams": []}}, '["T1"]'),
        (TEAMS, {"F": "T1", "gone": False, "guest": True}, "[]"),
        (TEAMS, {"gone": True}, "[]"),
    ],
    ids=lambda said: getattr(said, "kind", repr(said)[:40]),
)
def test_a_readable_value(kind: FieldKind, record: dict[str, Any], read: Any) -> None:
    assert table(kind).read(record, "complete") == {"canonical": read}


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        *(
            (kind, {"F": value})
            for kind in (Identifiers(field="F"), Roster(field="F"))
            for value in ("s3cr3t", 7, [7], [""], [None], {"s3cr3t": True})
        ),
        (TEAMS, {"F": ["s3cr3t"]}),
        (TEAMS, {"F": 7}),
        (TEAMS, {"F": "T1", "gone": "s3cr3t"}),
        (TEAMS, {"F": "T1", "org": "s3cr3t"}),
        (TEAMS, {"F": "T1", "org": {"teams": "s3cr3t"}}),
        (NotFlag(field="F"), {"F": "s3cr3t"}),
        (AnyFlag(field="F", others=("G",)), {"F": True, "G": "s3cr3t"}),
        (FirstText(field="F", others=("p.n",)), {"F": ["s3cr3t"]}),
        (FirstText(field="F", others=("p.n",)), {"p": "s3cr3t"}),
        *((EpochSeconds(field="F"), {"F": value}) for value in ("s3cr3t", True, "", 10**15, 1e300, "NaN", [1])),
    ],
    ids=lambda said: getattr(said, "kind", repr(said)[:40]),
)
def test_an_unreadable_value_is_refused_by_the_name_of_its_field(kind: FieldKind, record: dict[str, Any]) -> None:
    with pytest.raises(UnmappableRecord) as refused:
        table(kind).read(record, "complete")

    assert str(refused.value) == f"slack Thing: F is not a {kind.kind}"


@pytest.mark.parametrize(
    "kind",
    [
        Identifiers(field="F"),
        Roster(field="F"),
        NotFlag(field="F"),
        AnyFlag(field="F", others=("G",)),
        EpochSeconds(field="F"),
        FirstText(field="F", others=("G",)),
        TEAMS,
    ],
    ids=lambda kind: kind.kind,
)
@pytest.mark.parametrize("record", [{}, {"F": None}], ids=["absent", "null"])
def test_an_absent_or_null_value_reads_as_none(kind: FieldKind, record: dict[str, Any]) -> None:
    assert table(kind).read(record, "complete") == {"canonical": None}


def test_a_kind_says_every_field_of_the_vendors_that_it_reads() -> None:
    assert table(TEAMS).vendor_fields == {"F", "org.teams", "gone", "guest"}
    assert table(AnyFlag(field="F", others=("G",))).vendor_fields == {"F", "G"}
    assert table(FirstText(field="F", others=("p.n",))).vendor_fields == {"F", "p.n"}


# --- rosters

ROSTER = table(Roster(field="members"))


def known(*members: str) -> dict[str, Any]:
    return {"canonical": json.dumps(members)}


def test_one_person_who_joins_or_leaves_changes_a_roster_that_is_known() -> None:
    joined = ROSTER.read({"members": {"U3": True}}, ("id", "members.U3"), known=known("U1", "U2"))
    left = ROSTER.read({"members": {"U1": False}}, ("members.U1",), known=known("U1", "U2"))

    assert (joined, left) == (known("U1", "U2", "U3"), known("U2"))


def test_where_not_everybody_is_known_those_are_who_were_told_of() -> None:
    first = ROSTER.read({"members": {"U1": True}}, ("members.U1",))
    second = ROSTER.read({"members": {"U2": False}}, ("members.U2",), known=first)

    assert json.loads(str(second["canonical"])) == {"U1": True, "U2": False}


def test_a_record_speaks_for_the_people_its_coverage_names_and_for_no_others() -> None:
    record = {"members": {"U1": True, "U2": True}}

    assert ROSTER.read(record, ("members.U1",), known=known()) == known("U1")
    assert ROSTER.read(record, ("id", "membership.U1"), known=known()) == {}


def test_a_roster_read_earlier_takes_those_as_they_are_known_of_whom_something_later_was_told() -> None:
    later = ("members.U1", "members.U3", "topic.value")

    assert ROSTER.read({"members": ["U1", "U2"]}, "complete", known=known("U3", "U4"), later=later) == known("U2", "U3")
    assert ROSTER.read({"members": ["U1", "U2"]}, "complete", known={"canonical": '{"U1": false}'}, later=later) == known("U2")
    assert ROSTER.read({}, "complete", known=known("U3"), later=later) == {"canonical": '{"U1": false, "U3": true}'}


def test_what_something_later_has_spoken_of_is_left_as_it_is() -> None:
    assert ROSTER.read({"members": ["U1"]}, "complete", known=known("U2"), later=("members",)) == {}
    assert ROSTER.read({"members": {"U1": True}}, ("members.U1",), known=known("U2"), later=("members",)) == {}
    assert ROSTER.read({"members": {"U1": True}}, ("members.U1",), known=known("U2"), later=("members.U1",)) == {}


@pytest.mark.parametrize("value", [None, ["U1"], "s3cr3t", {}, {"U1": None}, {"U1": "s3cr3t"}, {"U2": True}], ids=repr)
def test_a_single_person_of_whom_nothing_is_said_is_refused(value: Any) -> None:
    with pytest.raises(UnmappableRecord, match=r"^slack Thing: members is not a roster$"):
        ROSTER.read({"members": value}, ("members.U1",))


PEOPLE = st.sampled_from(["U1", "U2", "U3"])


@given(st.lists(st.tuples(PEOPLE, st.booleans()), max_size=8), st.none() | st.sets(PEOPLE))
@settings(deadline=None, max_examples=100)
def test_a_roster_ends_with_what_was_said_last_of_each(said: list[tuple[str, bool]], whole: set[str] | None) -> None:
    found: dict[str, Any] = {} if whole is None else dict(ROSTER.read({"members": sorted(whole)}, "complete"))
    for one, is_in in said:
        found |= ROSTER.read({"members": {one: is_in}}, (f"members.{one}",), known=found)

    last = {**dict.fromkeys(whole or (), True), **dict(said)}
    if whole is None and not said:
        assert found == {}
    elif whole is None:
        assert json.loads(found["canonical"]) == last
    else:
        assert json.loads(found["canonical"]) == sorted(one for one, is_in in last.items() if is_in)
