"""Which of two sightings of one record is the newer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.shards.versions import Order, Version, order

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(microseconds=1)


def version(vendor: str | None, observed_at: datetime = NOON, table: str = "table-1") -> Version:
    return Version(vendor, observed_at, table)


TABLE = {
    "a newer vendor version": (version("002"), version("001"), Order.NEWER),
    "an older vendor version": (version("001"), version("002"), Order.OLDER),
    "a newer vendor version seen earlier": (version("002", NOON), version("001", LATER), Order.NEWER),
    "an older vendor version seen later": (version("001", LATER), version("002", NOON), Order.OLDER),
    "an older vendor version under another table": (version("001", LATER, "table-2"), version("002"), Order.OLDER),
    "the same vendor version seen later": (version("001", LATER), version("001", NOON), Order.NEWER),
    "the same vendor version seen earlier": (version("001", NOON), version("001", LATER), Order.OLDER),
    "the same vendor version seen earlier under another table": (version("001", NOON, "table-2"), version("001", LATER), Order.OLDER),
    "the same sighting": (version("001"), version("001"), Order.SAME),
    "the same sighting under another table": (version("001", NOON, "table-2"), version("001"), Order.NEWER),
    "no vendor version, seen later": (version(None, LATER), version(None, NOON), Order.NEWER),
    "no vendor version, seen earlier": (version(None, NOON), version(None, LATER), Order.OLDER),
    "no vendor version, the same sighting": (version(None), version(None), Order.SAME),
    "only the stored one has a vendor version": (version(None, LATER), version("999", NOON), Order.NEWER),
    "only the stored one has a vendor version, seen earlier": (version(None, NOON), version("001", LATER), Order.OLDER),
    "only the new one has a vendor version": (version("001", LATER), version(None, NOON), Order.NEWER),
    "only the new one has a vendor version, seen earlier": (version("999", NOON), version(None, LATER), Order.OLDER),
    "ten is after nine, zero-padded": (version("000000000000010"), version("000000000000009"), Order.NEWER),
}


@pytest.mark.parametrize(("candidate", "stored", "expected"), TABLE.values(), ids=list(TABLE))
def test_the_order_of(candidate: Version, stored: Version, expected: Order) -> None:
    assert order(candidate, stored) is expected


moments = st.integers(0, 5).map(lambda seconds: NOON + timedelta(seconds=seconds))
vendor_versions = st.integers(0, 5).map(lambda number: f"{number:015d}")
with_vendor = st.builds(Version, vendor_versions, moments, st.just("table-1"))
without_vendor = st.builds(Version, st.none(), moments, st.just("table-1"))

OPPOSITE = {Order.NEWER: Order.OLDER, Order.OLDER: Order.NEWER, Order.SAME: Order.SAME}


@pytest.mark.parametrize("sightings", [with_vendor, without_vendor], ids=["all with a vendor version", "all without"])
def test_the_order_is_total(sightings: st.SearchStrategy[Version]) -> None:
    @given(sightings, sightings)
    @settings(deadline=None, max_examples=100)
    def holds(one: Version, other: Version) -> None:
        assert order(one, other) is OPPOSITE[order(other, one)]
        assert (order(one, other) is Order.SAME) == (one == other)

    holds()


@pytest.mark.parametrize("sightings", [with_vendor, without_vendor], ids=["all with a vendor version", "all without"])
def test_the_order_is_transitive(sightings: st.SearchStrategy[Version]) -> None:
    @given(sightings, sightings, sightings)
    @settings(deadline=None, max_examples=200)
    def holds(one: Version, two: Version, three: Version) -> None:
        if order(one, two) is not Order.OLDER and order(two, three) is not Order.OLDER:
            assert order(one, three) is not Order.OLDER

    holds()


@given(st.lists(with_vendor, min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=100)
def test_sightings_in_any_order_end_in_the_newest(sightings: list[Version], random: object) -> None:
    shuffled = list(sightings)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random, which hypothesis types as an object

    stored = shuffled[0]
    for candidate in shuffled[1:]:
        if order(candidate, stored) is Order.NEWER:
            stored = candidate

    assert stored == max(sightings, key=lambda seen: (seen.vendor_version, seen.observed_at))
