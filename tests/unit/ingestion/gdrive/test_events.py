"""Files and people as events."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.samples import sample_connection
from ingestion.sources.gdrive.events import Seen, Told, owners_in, vendor_version
from ingestion.sources.gdrive.logs import Log

ADA = "ada@acme.example"
CONNECTION = sample_connection("acme", "acme.example").model_copy(update={"source": "gdrive"})
SEEN = Seen(CONNECTION, "a run", f"user:{ADA}", datetime(2026, 11, 22, 12, tzinfo=UTC))
LOG = Log(f"user:{ADA}", ADA, None, frozenset({ADA}), frozenset())


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_versions_sort_as_text_as_the_numbers_do(one: int, other: int) -> None:
    texts = [vendor_version({"version": str(number)}) for number in (one, other)]
    assert (str(texts[0]) < str(texts[1])) == (one < other)


@pytest.mark.parametrize("said", [None, "", "x", "-1", "1.5", True, "9" * 21, "٣", ["1"]])
def test_what_is_no_version_is_none(said: object) -> None:
    assert vendor_version({"version": said}) is None


@pytest.mark.parametrize("bad", [{}, {"id": ""}, {"id": "2", "size": float("nan")}, {"id": "2" * 600}])
async def test_a_file_that_cannot_be_an_event_is_a_gap_and_does_not_cost_the_others(bad: dict[str, object]) -> None:
    events, gaps = await SEEN.files([{"id": "1"}, bad, {"id": "3"}], LOG)
    assert ([event.source_id for event in events], gaps) == (["1", "3"], ("rejected",))


@pytest.mark.parametrize(
    ("file", "is_home", "silent"),
    [
        ({"permissions": [], "parents": ["0"]}, True, set()),
        ({"permissions": []}, True, set()),
        ({}, True, {"permissions"}),
        ({"permissions": [], "parents": ["0"]}, False, set()),
        ({"permissions": []}, False, {"parents.0"}),
        ({}, False, {"permissions", "parents.0"}),
    ],
)
def test_an_event_speaks_for_all_but_what_whoever_read_it_may_not_know(file: dict[str, object], is_home: bool, silent: set[str]) -> None:
    coverage = SEEN.file({"id": "1", **file}, is_home=is_home).coverage
    spoken = {"permissions", "parents.0"} - silent
    assert coverage == "complete" if not silent else {"permissions", "parents.0"} & set(coverage) == spoken


def test_a_departure_of_two_streams_is_two_events() -> None:
    other = Seen(CONNECTION, "a run", "user:bob@acme.example", SEEN.at)
    assert SEEN.gone("1").id != other.gone("1").id


# People


def test_everybody_who_owns_something_is_found_once() -> None:
    ada = {"permissionId": "7", "emailAddress": ADA}
    assert owners_in([{"owners": [ada]}, {"owners": [{**ada, "displayName": "Ada"}]}, {"owners": [{"displayName": "?"}]}, {}]) == {"7": ada}


def test_a_person_without_an_address_is_not_known_to_have_none() -> None:
    assert SEEN.person({"permissionId": "7", "emailAddress": ADA}).coverage == "complete"
    assert SEEN.person({"permissionId": "7", "displayName": "Ada"}).coverage == ("displayName", "permissionId")
    assert SEEN.person({"permissionId": "7"}).stream is None


def test_a_person_is_told_by_one_page_of_a_run_and_again_by_the_same() -> None:
    told, ada = Told(), {"7": {"permissionId": "7"}}
    assert [bool(told.new(ada, run="a run", page=page)) for page in ("1", "2", "1")] == [True, False, True]
    assert told.new(ada, run="another", page="2")


def test_runs_that_are_long_over_are_forgotten() -> None:
    told, ada = Told(most_runs=2), {"7": {"permissionId": "7"}}
    for run in ("a", "b", "c"):
        told.new(ada, run=run, page="1")
    assert [bool(told.new(ada, run=run, page="2")) for run in ("c", "b")] == [False, False]
    assert told.new(ada, run="a", page="2")
