"""How each kind of field reads what a vendor writes, as JSON and as XML text alike."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.conversions.conversion import Conversion
from shared.conversions.fields import Choice, Day, Email, FieldKind, Flag, Identifier, Moment, Number, Text, WholeNumber
from shared.errors import UnmappableRecord

TEXT = Text(field="F")
NUMBER = Number(field="F")
WHOLE = WholeNumber(field="F")
FLAG = Flag(field="F")
DAY = Day(field="F")
MOMENT = Moment(field="F")
CHOICE = Choice(field="F", labels={"Closed Won": "closed_won"})
PLAIN_ID = Identifier(field="F")
VENDOR_ID = Identifier(field="F", form="salesforce")
EMAIL = Email(field="F")


def named(kind: FieldKind, *rows: tuple[Any, Any]) -> list[Any]:
    return [pytest.param(kind, value, read, id=f"{kind.kind} {value!r}") for value, read in rows]


READABLE = [
    *named(TEXT, ("Zürich", "Zürich"), (" kept ", " kept "), ("", None), (1999, "1999"), (True, "true"), ("line\nline", "line\nline")),
    *named(NUMBER, (100000.0, 100000), ("100000.0", 100000), ("1.25E7", 12500000), ("-0.5", -0.5), (0, 0), ("0.1", 0.1), (" 7 ", 7)),
    *named(WHOLE, (4, 4), ("4", 4), ("4.0", 4), (4.0, 4), ("-3", -3)),
    *named(FLAG, (True, True), (False, False), ("true", True), ("false", False), ("TRUE", True), ("1", True), ("0", False), (1, True)),
    *named(DAY, ("2026-11-21", "2026-11-21"), (" 2026-11-21 ", "2026-11-21")),
    *named(
        MOMENT,
        ("2026-11-21T12:00:00.000Z", "2026-11-21T12:00:00.000000Z"),
        ("2026-11-21T12:00:00.000+0000", "2026-11-21T12:00:00.000000Z"),
        ("2026-11-21T13:30:00+01:30", "2026-11-21T12:00:00.000000Z"),
        ("1700-01-01T00:00:00Z", "1700-01-01T00:00:00.000000Z"),
    ),
    *named(CHOICE, ("Closed Won", "closed_won"), (" Closed Won ", "closed_won"), ("Our own stage", "Our own stage"), ("", None)),
    *named(PLAIN_ID, ("C012AB3CD", "C012AB3CD"), (" C012 ", "C012"), ("", None)),
    *named(EMAIL, (" Ada@Northwind.Example ", "ada@northwind.example"), ("", None), ("no address", "no address"), ("\u212a@x", "\u212a@x")),
    *named(VENDOR_ID, ("001D000000IqhSL", "001D000000IqhSLIAZ"), ("001D000000IqhSLIAZ", "001D000000IqhSLIAZ")),
]

UNREADABLE = [
    *(
        (kind, value)
        for kind in (TEXT, NUMBER, WHOLE, FLAG, DAY, MOMENT, CHOICE, PLAIN_ID, VENDOR_ID, EMAIL)
        for value in ({"s3cr3t": 1}, ["s3cr3t"])
    ),
    *((NUMBER, value) for value in ("s3cr3t", "", "1,000", "1_000", "NaN", "INF", "Infinity", math.nan, math.inf, True, "0x10", 10**400)),
    *((WHOLE, value) for value in ("4.5", 4.5, "four", True)),
    *((FLAG, value) for value in ("yes", "", 2, 0.5, "s3cr3t")),
    *((DAY, value) for value in ("21.11.2026", "2026-02-30", "2026-11-21T12:00:00Z", "", 20261121000000, "s3cr3t")),
    *((MOMENT, value) for value in ("2026-11-21T12:00:00", "2026-11-21", "noon", "", 1795262398, "0001-01-01T00:00:00+14:00")),
    *((VENDOR_ID, value) for value in ("", "001", "001D000000IqhSLIAA", "001D000000Iqh L", 7)),
]


@pytest.mark.parametrize(("kind", "value", "read"), READABLE)
def test_a_readable_value(kind: FieldKind, value: Any, read: Any) -> None:
    found = kind.read(value)

    assert found == read
    assert type(found) is type(read)


def conversion(kind: FieldKind) -> Conversion:
    return Conversion(
        source="salesforce", record_type="Thing", shard_type_id="c_account", system_type="crm", scope="account", fields={"canonical": kind}
    )


@pytest.mark.parametrize(("kind", "value"), UNREADABLE, ids=lambda said: getattr(said, "kind", repr(said)[:20]))
def test_an_unreadable_value_is_refused_by_the_name_of_its_field(kind: FieldKind, value: Any) -> None:
    with pytest.raises(UnmappableRecord) as refused:
        conversion(kind).read({"F": value}, "complete")

    assert str(refused.value) == f"salesforce Thing: F is not a {kind.kind}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("kind", [TEXT, NUMBER, WHOLE, FLAG, DAY, MOMENT, CHOICE, PLAIN_ID, VENDOR_ID, EMAIL], ids=lambda kind: kind.kind)
@pytest.mark.parametrize("record", [{}, {"F": None}], ids=["absent", "null"])
def test_an_absent_or_null_value_reads_as_none(kind: FieldKind, record: dict[str, Any]) -> None:
    assert conversion(kind).read(record, "complete") == {"canonical": None}


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None, max_examples=100)
def test_a_number_reads_alike_from_json_and_from_text(number: float) -> None:
    assert NUMBER.read(number) == NUMBER.read(repr(number)) == number


@given(
    st.sampled_from([TEXT, NUMBER, WHOLE, FLAG, DAY, MOMENT, CHOICE, PLAIN_ID, VENDOR_ID, EMAIL]),
    st.text(max_size=30) | st.integers() | st.floats(),
)
@settings(deadline=None, max_examples=300)
def test_whatever_a_vendor_writes_is_read_or_refused(kind: FieldKind, value: Any) -> None:
    try:
        read = conversion(kind).read({"F": value}, "complete")["canonical"]
    except UnmappableRecord:
        return

    assert read is None or isinstance(read, str | int | float | bool)


def test_all_unreadable_fields_are_named_together() -> None:
    table = conversion(NUMBER).model_copy(
        update={"fields": {"a": Number(field="Amount"), "b": Day(field="CloseDate"), "c": Text(field="Name")}}
    )

    with pytest.raises(UnmappableRecord, match=r"^salesforce Thing: Amount is not a number; CloseDate is not a day$"):
        table.read({"Amount": "much", "CloseDate": "soon", "Name": "Deal"}, "complete")
