"""All of a tenant's anchors: found by everything that leads to them, and the same in whatever order they came."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberFormat, example_number, format_number

from processors.enrichment.anchors.anchor import anchor_of
from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.names.normal import words_in
from shared.linking.anchor import AnchorRow
from shared.shards.ids import shard_id
from shared.shards.model import Status

ORGANIZATION = "00D000000000001EAA"
KINDS = {"c_account": "Account", "c_contact": "Contact", "c_opportunity": "Opportunity", "c_project": "Project", "c_person": "User"}


def id_of(shard_type_id: str, number: int) -> str:
    return shard_id(
        tenant_id="acme",
        system="salesforce",
        scope=ORGANIZATION,
        record_type=KINDS[shard_type_id],
        external_id=f"{KINDS[shard_type_id]}-{number}",
    )


def row(shard_type_id: str, number: int, status: Status = "active", /, *, changed_at: int = 1, **fields: Any) -> AnchorRow:
    records = (("salesforce", ORGANIZATION, KINDS[shard_type_id], f"{KINDS[shard_type_id]}-{number}"),)
    return AnchorRow(id_of(shard_type_id, number), shard_type_id, status, records, fields, changed_at)


def index_of(*rows: AnchorRow, most: int = 100) -> AnchorIndex:
    index = AnchorIndex("acme", most=most)
    for one in rows:
        index.put(one)
    return index


HARBOUR = row("c_account", 1, name="Harbour Cranes Ltd", website="harbour.example", phone="+44 20 7946 0000")
ADA = row("c_contact", 1, name="Ada Lovelace", email="ada@harbour.example", accountId="Account-1")
RENEWAL = row("c_opportunity", 1, name="Harbour renewal", accountId="Account-1", contactId="Contact-1")
CRANE = row("c_project", 1, name="Quayside", code="PRJ-2041", accountId="Account-1")


def test_an_anchor_is_found_by_everything_that_leads_to_it() -> None:
    index = index_of(HARBOUR, ADA, RENEWAL, CRANE)

    assert [one.name for one in index.by_native_id("salesforce:Contact-1")] == ["Ada Lovelace"]
    assert [one.name for one in index.by_email("ada@harbour.example")] == ["Ada Lovelace"]
    assert [one.name for one in index.by_domain("harbour.example")] == ["Harbour Cranes Ltd"]
    assert [one.name for one in index.by_phone("+442079460000")] == ["Harbour Cranes Ltd"]
    assert {one.name for one in index.deals_of_account(HARBOUR.shard_id)} == {"Harbour renewal", "Quayside"}
    assert [one.name for one in index.deals_of_contact(ADA.shard_id)] == ["Harbour renewal"]
    assert index.size == 4


@pytest.mark.parametrize("written", ["(415) 555-2671", "415.555.2671 ext. 12", "+1 415 555 2671", "1-415-555-2671"])
def test_a_number_is_found_however_it_is_written_and_by_all_of_it(written: str) -> None:
    index = index_of(row("c_contact", 1, name="Ada", mobilePhone=written), row("c_contact", 2, name="Bo", phone="+49 30 555 2671"))

    assert [one.name for one in index.by_phone("+14155552671")] == ["Ada"]
    assert index.by_phone("+12125552671") == ()


def test_everywhere_a_number_is_found_as_it_is_written_there_and_abroad() -> None:
    for region in sorted(SUPPORTED_REGIONS):
        example = example_number(region)
        assert example is not None
        read = format_number(example, PhoneNumberFormat.E164)
        for way in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
            said = row("c_account", 1, name="Harbour", phone=format_number(example, way))
            anchor = anchor_of(said, tenant_id="acme", default_country=region)
            assert anchor is not None
            if read in anchor.phones:
                assert anchor.last_digits == (read[-6:],), region


def test_a_text_leads_to_those_it_names() -> None:
    index = index_of(HARBOUR, ADA, RENEWAL, CRANE)

    hits = index.named_in(words_in("Minutes: Ada Lovelace on PRJ-2041 for Harbour Cranes"), fuzzy=False)

    assert {hit.anchor_id for hit in hits} == {ADA.shard_id, CRANE.shard_id, HARBOUR.shard_id}
    assert all(hit.is_exact for hit in hits)


def test_what_leads_to_several_gives_all_of_them_in_one_order() -> None:
    numbers = range(5)
    rows = [row("c_contact", number, name=f"Desk {number}", email="desk@harbour.example") for number in numbers]

    found = index_of(*rows).by_email("desk@harbour.example")

    assert [one.shard_id for one in found] == sorted(one.shard_id for one in rows)


def test_what_was_changed_is_no_longer_found_by_what_it_was() -> None:
    index = index_of(HARBOUR)

    index.put(row("c_account", 1, changed_at=2, name="Pier Winches", website="pier.example"))

    assert index.by_domain("harbour.example") == ()
    assert index.by_phone("+442079460000") == ()
    assert index.named_in(words_in("Harbour Cranes"), fuzzy=True) == []
    assert [one.name for one in index.by_domain("pier.example")] == ["Pier Winches"]


def test_what_is_gone_is_not_found() -> None:
    index = index_of(HARBOUR, ADA)

    index.put(row("c_account", 1, "deleted", changed_at=2, name="Harbour Cranes Ltd"))
    index.put(AnchorRow.given_up(ADA.shard_id, changed_at=2))

    assert index.size == 0
    assert index.get(HARBOUR.shard_id) is None
    assert index.by_native_id("salesforce:Account-1") == ()
    assert index.by_email("ada@harbour.example") == ()


def test_an_older_row_that_comes_late_changes_nothing_and_brings_nothing_back() -> None:
    index = index_of(row("c_account", 1, changed_at=5, name="Pier"), row("c_contact", 1, "deleted", changed_at=5))

    index.put(HARBOUR)
    index.put(ADA)

    assert [index.get(one.shard_id) for one in (ADA,)] == [None]
    assert index.by_native_id("salesforce:Account-1")[0].name == "Pier"


def test_what_somebody_noticed_holds_until_the_store_was_asked() -> None:
    index = index_of(row("c_account", 1, changed_at=5, name="Harbour"), row("c_contact", 1, "deleted", changed_at=5))

    index.notice(row("c_account", 1, name="Pier"))
    index.notice(ADA)
    assert index.by_native_id("salesforce:Account-1")[0].name == "Pier"
    assert index.get(ADA.shard_id) is not None

    index.put(row("c_account", 1, changed_at=6, name="Pier Ltd"))
    index.forget_noticed([HARBOUR.shard_id, ADA.shard_id])
    assert index.by_native_id("salesforce:Account-1")[0].name == "Pier Ltd", "the store said something new"
    assert index.get(ADA.shard_id) is None, "what was noticed was old: it is gone still"


def state(index: AnchorIndex) -> object:
    ids = [id_of(kind, number) for kind in KINDS for number in range(4)]
    texts = ("Harbour Pier Quay Crane", "harbour", "Harbor renewal", "PRJ-1 Harbour")
    return (
        index.size,
        index.has_more,
        [index.get(one) for one in ids],
        [index.deals_of_account(one) for one in ids],
        [index.deals_of_contact(one) for one in ids],
        [index.by_email(f"{number}@harbour.example") for number in range(3)],
        [index.by_domain(f"{name}.example") for name in ("harbour", "pier")],
        [index.by_native_id(f"salesforce:{kind}-{number}") for kind in KINDS.values() for number in range(4)],
        [index.named_in(words_in(text), fuzzy=True) for text in texts],
    )


NAMES = st.sampled_from(["Harbour", "Pier", "Harbour Pier", "Quay Crane Ltd", "Harbour renewal", "PRJ-1"])
FIELDS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "email": st.sampled_from(["0@harbour.example", "1@harbour.example", "2@harbour.example"]),
        "website": st.sampled_from(["harbour.example", "www.pier.example"]),
        "accountId": st.sampled_from(["Account-0", "Account-1"]),
        "contactId": st.sampled_from(["Contact-0", "Contact-1"]),
        "isClosed": st.booleans(),
    },
)
ONES = st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 3))
STATUSES: st.SearchStrategy[Status] = st.sampled_from(["active", "active", "active", "deleted"])


@st.composite
def histories(draw: st.DrawFn) -> list[AnchorRow]:
    """Versions of several anchors, each of its own second."""
    rows = []
    for kind, number in draw(st.lists(ONES, min_size=1, max_size=8, unique=True)):
        moments = draw(st.lists(st.integers(1, 20), min_size=1, max_size=3, unique=True))
        rows += [row(kind, number, draw(STATUSES), changed_at=moment, **draw(FIELDS)) for moment in moments]
    return rows


@given(rows=histories(), data=st.data())
def test_in_whatever_order_rows_come_the_state_is_that_of_the_newest_ones(rows: list[AnchorRow], data: st.DataObject) -> None:
    newest = {one.shard_id: one for one in sorted(rows, key=lambda one: one.changed_at)}

    shuffled = data.draw(st.permutations(rows))

    assert state(index_of(*shuffled, *shuffled[:3])) == state(index_of(*newest.values()))


@given(rows=histories(), noticed=histories(), data=st.data())
def test_noticing_leaves_nothing_behind_once_the_store_was_asked(
    rows: list[AnchorRow], noticed: list[AnchorRow], data: st.DataObject
) -> None:
    index = index_of(*rows)
    for one in noticed:
        index.notice(one)
    again = data.draw(st.permutations(rows))

    for one in again:
        index.put(one)
    index.forget_noticed(index.noticed)

    assert state(index) == state(index_of(*rows))


def test_where_there_are_too_many_companies_projects_and_open_deals_are_held_first_and_that_is_said() -> None:
    rows = [
        row("c_opportunity", 1, name="Won deal", isClosed=True),
        row("c_person", 1, name="Vera"),
        row("c_contact", 1, name="Ada"),
        row("c_opportunity", 2, name="Open deal"),
        row("c_project", 1, name="Crane"),
        row("c_account", 1, name="Harbour"),
    ]

    assert not index_of(*rows, most=6).has_more
    for order in permutations(rows):
        index = index_of(*order, most=4)
        names = {anchor.name for one in rows if (anchor := index.get(one.shard_id)) is not None}
        assert (names, index.size, index.has_more) == ({"Harbour", "Crane", "Open deal", "Ada"}, 4, True)


def test_where_some_were_left_out_and_others_went_there_is_room_again() -> None:
    index = index_of(row("c_account", 1, name="A"), row("c_account", 2, name="B"), row("c_contact", 1, name="C"), most=2)
    assert not index.has_room_again

    index.put(row("c_account", 1, "deleted", changed_at=2))

    assert index.has_room_again
