"""Who is in a channel, as far as it is known, and how a shard keeps it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.attendance import Attendance, ids_in


def test_of_everybody_it_is_a_list_in_order_and_of_some_an_object() -> None:
    assert Attendance({"U2": True, "U1": True, "U3": False}, is_whole=True).written() == '["U1", "U2"]'
    assert Attendance({"U2": True, "U1": False}).written() == '{"U1": false, "U2": true}'
    assert Attendance({}, is_whole=True).written() == "[]"
    assert Attendance({}).written() is None


def test_whoever_is_not_listed_is_not_in_where_everybody_is_known_and_unknown_where_not() -> None:
    everybody, some = Attendance.of('["U1"]'), Attendance.of('{"U1": true, "U2": false}')

    assert [everybody.says(one) for one in ("U1", "U2")] == [True, False]
    assert [some.says(one) for one in ("U1", "U2", "U3")] == [True, False, None]
    assert (everybody.members, some.members) == (("U1",), ("U1",))


@pytest.mark.parametrize("text", [None, "", "s3cr3t", "7", "null", 7, '"U1"', '{"U1": 1}', "{}"], ids=repr)
def test_what_cannot_be_read_tells_of_nobody(text: object) -> None:
    assert Attendance.of(text) == Attendance({})


@given(st.dictionaries(st.text(min_size=1), st.booleans()), st.booleans())
def test_what_is_kept_is_read_back(known: dict[str, bool], is_whole: bool) -> None:
    attendance = Attendance(known, is_whole=is_whole)

    again = Attendance.of(attendance.written())

    assert again.members == attendance.members
    assert all(again.says(one) == is_in for one, is_in in known.items())


@pytest.mark.parametrize(
    ("text", "ids"),
    [('["T2", "T1"]', ("T2", "T1")), ("[]", ()), (None, ()), ("s3cr3t", ()), ('{"T1": 1}', ()), ('["T1", 7]', ("T1",)), (7, ())],
)
def test_ids_of_a_list(text: object, ids: tuple[str, ...]) -> None:
    assert ids_in(text) == ids
