"""Queries as text: whatever an id is, it stays one; and every query is short enough for an address."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce.soql.parser import parse
from devtools.vendors.salesforce.soql.tree import Among, Chain, Comparison
from ingestion.sources.salesforce.soql import Place, all_rows, changed_rows, length_of, literal, quoted, rows_by, split_fields, split_ids

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIELDS = ("Id", "SystemModstamp", "Owner.Name")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text("abcXYZ_019.", min_size=1, max_size=40)
IDS = st.text("abcXYZ019", min_size=18, max_size=18)


@given(TEXTS)
def test_any_text_comes_back_from_its_quotes(text: str) -> None:
    assert parse(f"SELECT Id FROM Account WHERE Name = {quoted(text)}").where == Comparison(("Name",), "=", text)


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_rows_by_ids_ask_for_these_ids_and_no_others(ids: list[str]) -> None:
    query = parse(rows_by("Account", FIELDS, "ParentId", ids))
    assert query.where == Among(("ParentId",), tuple(ids))


@given(TEXTS.filter(bool), TEXTS.filter(bool), st.integers(1, 2000))
def test_all_rows_lie_between_two_ids_whatever_they_are(after: str, last: str, most: int) -> None:
    query = parse(all_rows("Account", FIELDS, after=after, last=last, most=most))
    assert query.where == Chain("AND", (Comparison(("Id",), ">", after), Comparison(("Id",), "<=", last)))
    assert query.limit == most


def test_all_rows_are_in_the_order_of_their_ids() -> None:
    assert all_rows("Account", FIELDS, after=None) == "SELECT Id,SystemModstamp,Owner.Name FROM Account ORDER BY Id"


def test_changed_rows_begin_with_a_second_where_no_row_was_read_yet() -> None:
    query = changed_rows("Account", ("Id",), after=Place(NOON, ""), up_to=NOON + timedelta(hours=1))
    assert query == (
        "SELECT Id FROM Account WHERE SystemModstamp >= 2026-11-21T12:00:00Z AND SystemModstamp <= 2026-11-21T13:00:00Z"
        " ORDER BY SystemModstamp,Id"
    )


def test_changed_rows_go_on_after_a_row_within_its_second() -> None:
    query = changed_rows("Account", ("Id",), after=Place(NOON, "001A"), up_to=NOON + timedelta(hours=1))
    assert (
        "WHERE (SystemModstamp > 2026-11-21T12:00:00Z OR (SystemModstamp = 2026-11-21T12:00:00Z AND Id > '001A'))"
        " AND SystemModstamp <= 2026-11-21T13:00:00Z ORDER BY" in query
    )


def test_the_rest_of_the_fields_is_asked_for_up_to_the_last_row_and_no_further() -> None:
    query = changed_rows("Account", ("Id",), after=Place(NOON, ""), up_to=NOON, last=Place(NOON, "001Z"))
    assert "AND (SystemModstamp < 2026-11-21T12:00:00Z OR (SystemModstamp = 2026-11-21T12:00:00Z AND Id <= '001Z')) ORDER BY" in query


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-23, 23))  # noqa: DTZ001 - the zone is given beside it
def test_a_place_comes_back_from_its_cursor_to_the_second(moment: datetime, hours: int) -> None:
    at = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    place = Place.read(Place(at, "001A").cursor())
    assert place == Place(at.replace(microsecond=0), "001A")
    assert literal(place.stamp) == literal(at)


@given(st.sets(NAMES, max_size=60), st.integers(64, 400))
def test_fields_are_split_into_groups_that_fit_and_none_is_lost(fields: set[str], most: int) -> None:
    always = ("Id", "SystemModstamp")
    groups = split_fields(always, fields, most_characters=most)
    assert all(group[:2] == always for group in groups)
    assert sorted(field for group in groups for field in group[2:]) == sorted(fields - set(always))
    assert all(length_of(",".join(group)) <= most for group in groups)


@given(st.sets(NAMES, max_size=60))
def test_fields_that_fit_are_not_split(fields: set[str]) -> None:
    assert len(split_fields(("Id",), fields, most_characters=100_000)) == 1


def test_a_field_that_does_not_fit_by_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="characters"):
        split_fields(("Id",), ["x" * 100], most_characters=50)


@given(st.lists(IDS, max_size=300), st.integers(1, 3000))
def test_ids_are_split_into_groups_that_fit_and_none_is_lost(ids: list[str], most: int) -> None:
    groups = split_ids(ids, most_characters=most)
    assert [record_id for group in groups for record_id in group] == ids
    assert all(len(group) == 1 or length_of(",".join(map(quoted, group))) <= most for group in groups)
