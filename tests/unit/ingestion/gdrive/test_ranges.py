"""The ranges of a comparison: laid end to end they are the whole axis of time, and each file is in exactly one of them."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from ingestion.sources.gdrive.answers import Answer
from ingestion.sources.gdrive.comparison import changed_at, created_at, versions_above
from ingestion.sources.gdrive.logs import KnownDrive, Log
from ingestion.sources.gdrive.ranges import NARROWEST, STEP, Ranges, cut, is_within, next_width, query_of, written
from ingestion.sources.source import Versions
from shared.contracts.message import timestamp
from shared.errors import DependencyUnavailable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = 10
DRIVE = KnownDrive("0Adrive", "ada@acme.example", "Sales", "2026-01-01T00:00:00.000Z")
LOG = Log("drive:0Adrive", DRIVE.reader, DRIVE, frozenset({DRIVE.reader}), frozenset({DRIVE.id}))
_BOUND = re.compile(r"createdTime (>|<=) '([^']+)'")


class Listings:
    """A drive's files by their times of creation, so many on a page, in an order that helps nobody."""

    def __init__(self, moments: list[datetime], *, page: int = PAGE) -> None:
        self.files = [{"id": f"{n:04}", "driveId": DRIVE.id, "version": "1", "createdTime": written(m)} for n, m in enumerate(moments)]
        self.count = 0
        self._page = page

    def vendor_now(self) -> datetime:
        """Noon."""
        return NOW

    async def drive(self, operation: str, path: str, params: dict[str, str], *, user: str) -> Answer:
        """A page of ``files.list``."""
        assert (operation, path, user) == ("files-list", "files", DRIVE.reader)
        self.count += 1
        found = list(self.files)
        for sign, text in _BOUND.findall(params["q"]):
            bound = datetime.fromisoformat(text)
            found = [one for one in found if (datetime.fromisoformat(one["createdTime"]) > bound) == (sign == ">")]
        start = int(params.get("pageToken", "0"))
        more = {"nextPageToken": str(start + self._page)} if start + self._page < len(found) else {}
        return Answer({"files": found[start : start + self._page], **more}, NOW)


async def walked(client: Any, *, is_new_worker: bool = False, wanted: int = 30) -> list[Versions]:
    """All ranges; with ``is_new_worker`` each by a worker that remembers nothing."""
    told: list[Versions] = []
    after, ranges = None, Ranges(wanted_files=wanted, most_files=2 * wanted)
    while not told or after is not None:
        told.append(
            await versions_above(LOG, client, Ranges(wanted_files=wanted, most_files=2 * wanted) if is_new_worker else ranges, after=after)
        )
        assert after is None or told[-1].up_to is None or told[-1].up_to > after
        after = told[-1].up_to
    return told


MOMENTS = st.lists(
    st.one_of(
        st.datetimes(datetime(1975, 1, 1), datetime(2070, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with the zone given
        st.integers(0, 5).map(lambda ms: NOW - timedelta(days=400, milliseconds=ms)),
        st.integers(0, 10_000_000).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(MOMENTS, st.booleans())
async def test_each_file_is_in_exactly_one_range_and_the_ranges_leave_no_gap(moments: list[datetime], is_new_worker: bool) -> None:
    client = Listings(moments, page=1)
    told = await walked(client, is_new_worker=is_new_worker, wanted=2)
    assert Counter(key for one in told for key in one.by_key) == Counter([*(one["id"] for one in client.files), DRIVE.id])
    after: str | None = None
    for one in told:
        for key in one.by_key:
            made = created(client, key)
            assert after is None or made > after
            assert one.up_to is None or made <= one.up_to
        after = one.up_to


def created(client: Listings, key: str) -> str:
    """The time of creation as it is stored."""
    said = DRIVE.created_time if key == DRIVE.id else client.files[int(key)]["createdTime"]
    return timestamp(datetime.fromisoformat(str(said)))


async def test_what_fits_is_one_range() -> None:
    client = Listings([NOW - timedelta(days=days) for days in range(60)])
    assert [one.up_to for one in await walked(client)] == [None]
    assert client.count == 6


async def test_files_that_come_evenly_cost_few_requests_more_than_there_are_pages() -> None:
    client = Listings([NOW - timedelta(hours=hours) for hours in range(3000)])
    told = await walked(client)
    assert max(len(one.by_key) for one in told) <= 61
    assert client.count <= 300 + 3 * 6 + 2 * len(told)


async def test_files_of_one_moment_are_one_range_however_many_there_are() -> None:
    client = Listings([NOW - timedelta(days=3)] * 500)
    told = await walked(client)
    assert max(len(one.by_key) for one in told) >= 500


async def test_only_the_last_range_is_remembered() -> None:
    client, ranges = Listings([NOW - timedelta(hours=hours) for hours in range(300)]), Ranges(wanted_files=30, most_files=60)
    told = await versions_above(LOG, client, ranges, after=None)  # type: ignore[arg-type] # a list of our own
    assert ranges.last is not None
    assert set(ranges.last.files) == set(told.by_key)
    await versions_above(LOG, client, ranges, after=told.up_to)  # type: ignore[arg-type] # a list of our own
    assert set(told.by_key).isdisjoint(ranges.last.files)
    assert ranges.taken() is not None
    assert ranges.taken() is None


async def test_a_list_that_was_not_complete_proves_nothing() -> None:
    class Incomplete(Listings):
        @override
        async def drive(self, operation: str, path: str, params: dict[str, str], *, user: str) -> Answer:
            answer = await super().drive(operation, path, params, user=user)
            return Answer({**answer.body, "incompleteSearch": True}, answer.at)

    with pytest.raises(DependencyUnavailable, match="not complete"):
        await walked(Incomplete([NOW]))


@given(
    st.none() | st.integers(0, 10**9),
    st.none() | st.integers(2, 10**12),
    st.lists(st.integers(1, 10**12), min_size=1),
    st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - with the zone given
)
def test_a_cut_is_an_earlier_end_after_the_start(
    start_ms: int | None, width_ms: int | None, seen_ms: list[int], anchor: datetime | None
) -> None:
    start = None if start_ms is None else NOW - timedelta(days=9000) + timedelta(milliseconds=start_ms)
    base = start or NOW - timedelta(days=9000)
    end = None if width_ms is None else base + timedelta(milliseconds=width_ms)
    seen = [base + timedelta(milliseconds=ms if width_ms is None else 1 + ms % width_ms) for ms in seen_ms]
    last = end or max([NOW, *seen])
    cut_at = cut(start, end, seen, last=last, anchor=anchor)
    assert end is None or cut_at < end
    assert start is None or cut_at > start
    assert cut_at.microsecond % 1000 == 0


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_range_gets_wider_or_narrower_by_what_it_held_but_not_by_more_than_a_step(hours: int, count: int) -> None:
    width = timedelta(hours=hours)
    following = next_width(NOW - width, NOW, count, wanted=3000)
    assert following is not None
    assert width / (STEP + 0.01) <= following <= width * STEP
    if 3000 / STEP < count < 3000 * STEP:
        assert abs(following / width - 3000 / count) < 0.001


def test_a_query_names_the_living_and_its_bounds() -> None:
    start, end = NOW, NOW + NARROWEST
    assert query_of(None, None) == "trashed = false"
    assert query_of(start, end) == (
        "trashed = false and createdTime > '2026-11-22T12:00:00.000Z' and createdTime <= '2026-11-22T12:00:00.001Z'"
    )


@pytest.mark.parametrize(
    ("moment", "start", "end", "is_in"),
    [
        (NOW, NOW, None, False),
        (NOW, None, NOW, True),
        (NOW, NOW - NARROWEST, NOW, True),
        (NOW, None, NOW - NARROWEST, False),
        (None, None, NOW, True),
        (None, NOW, None, False),
    ],
)
def test_a_range_has_its_end_and_not_its_start(moment: datetime | None, start: datetime | None, end: datetime | None, is_in: bool) -> None:
    assert is_within(moment, start, end) is is_in


@pytest.mark.parametrize("said", [None, "", "yesterday", 7])
def test_a_time_that_is_none_is_unknown(said: object) -> None:
    assert created_at({"createdTime": said}) is None
    assert changed_at({"modifiedTime": said}, NOW) is None
