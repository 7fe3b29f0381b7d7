"""Whose a file is: its drive's, its owner's, or a guest's of whoever sees it; and which stream is which log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.samples import sample_connection
from ingestion.sources.gdrive.logs import File, KnownDrive, Log, Place, is_of_people_or_drives, known_drives, log_of, owner_of
from shared.errors import DependencyUnavailable, StreamUnreadable
from shared.streams.state import Cursor

ADA, BOB, EVE = "ada@acme.example", "bob@acme.example", "eve@partner.example"
SALES = KnownDrive("0Asales", ADA, "Sales", "2026-01-01T00:00:00.000Z")
USERS, DRIVES = frozenset({ADA, BOB}), frozenset({SALES.id})
ADAS = Log(f"user:{ADA}", ADA, None, USERS, DRIVES)
OF_SALES = Log(f"drive:{SALES.id}", ADA, SALES, USERS, DRIVES)
CONNECTION = sample_connection("acme", "acme.example").model_copy(update={"source": "gdrive", "users": (ADA, BOB)})


def owned(email: str, **more: object) -> File:
    """A file of somebody's."""
    return {"id": "1", "owners": [{"emailAddress": email}], **more}


TABLE: list[tuple[str, Log, File, Place]] = [
    ("one's own", ADAS, owned(ADA), Place.HOME),
    ("one's own, with capitals", ADAS, owned("Ada@Acme.example"), Place.HOME),
    ("one's own, without an address", ADAS, {"id": "1", "ownedByMe": True, "owners": [{"displayName": "Ada"}]}, Place.HOME),
    ("a colleague's who is read", ADAS, owned(BOB, ownedByMe=False), Place.ELSEWHERE),
    ("a stranger's", ADAS, owned(EVE, ownedByMe=False), Place.GUEST),
    ("of an owner who does not show", ADAS, {"id": "1", "ownedByMe": False}, Place.GUEST),
    ("of an owner who is nothing", ADAS, {"id": "1", "owners": ["odd"]}, Place.GUEST),
    ("in a drive with a log", ADAS, {"id": "1", "driveId": SALES.id}, Place.ELSEWHERE),
    ("in a drive without one", ADAS, {"id": "1", "driveId": "0Aother"}, Place.GUEST),
    ("in the drive", OF_SALES, {"id": "1", "driveId": SALES.id}, Place.HOME),
    ("in another drive", OF_SALES, {"id": "1", "driveId": "0Aother"}, Place.ELSEWHERE),
    ("taken out of the drive", OF_SALES, owned(ADA), Place.ELSEWHERE),
]


@pytest.mark.parametrize(("what", "log", "file", "place"), TABLE, ids=[row[0] for row in TABLE])
def test_a_file_has_its_place(what: str, log: Log, file: File, place: Place) -> None:
    assert log.place_of(file) is place, what


@given(owner=st.sampled_from([ADA, BOB, EVE]), drive=st.sampled_from([None, SALES.id, "0Aother"]))
def test_a_file_has_no_more_than_one_home_and_no_guests_where_it_has_one(owner: str, drive: str | None) -> None:
    file: File = owned(owner) if drive is None else {"id": "1", "driveId": drive}
    bobs = Log(f"user:{BOB}", BOB, None, USERS, DRIVES)
    places = [log.place_of(file) for log in (ADAS, bobs, OF_SALES)]
    assert places.count(Place.HOME) <= 1
    assert Place.HOME not in places or Place.GUEST not in places


@given(st.none() | st.text() | st.lists(st.none() | st.text() | st.dictionaries(st.text(max_size=3), st.none() | st.text()), max_size=2))
def test_an_owner_that_is_none_is_nobody(owners: object) -> None:
    assert owner_of({"owners": owners}) is None or isinstance(owners, list)


def test_drives_come_back_from_the_cursor() -> None:
    assert known_drives({"drives": {SALES.id: {**SALES.cursor()}}}) == {SALES.id: SALES}


@pytest.mark.parametrize("cursor", [None, {}, {"drives": None}, {"drives": {"0A": "odd"}}])
def test_a_cursor_without_drives_has_none(cursor: Cursor | None) -> None:
    assert known_drives(cursor) == {}


def test_each_stream_is_a_log() -> None:
    cursor: Cursor = {"drives": {SALES.id: {**SALES.cursor()}}}
    assert log_of(CONNECTION, f"user:{ADA}", None) == Log(f"user:{ADA}", ADA, None, USERS, frozenset())
    assert log_of(CONNECTION, f"drive:{SALES.id}", cursor) == OF_SALES
    assert OF_SALES.drive_params == {"driveId": SALES.id}
    assert ADAS.drive_params == {}


def test_a_stream_that_went_is_none() -> None:
    assert log_of(CONNECTION, f"user:{EVE}", {"drives": {}}) is None
    assert log_of(CONNECTION, f"drive:{SALES.id}", {"drives": {}}) is None


@pytest.mark.parametrize("cursor", [None, {}, {"look": {}}])
def test_a_drive_that_nobody_could_have_listed_yet_is_not_gone(cursor: Cursor | None) -> None:
    with pytest.raises(DependencyUnavailable):
        log_of(CONNECTION, f"drive:{SALES.id}", cursor)


def test_what_is_no_stream_says_so() -> None:
    with pytest.raises(StreamUnreadable, match="there is no such stream"):
        log_of(CONNECTION, "Account", {"drives": {}})


def test_streams_of_people_and_drives_come_and_go() -> None:
    assert [is_of_people_or_drives(stream) for stream in (f"user:{ADA}", "drive:0A", "drives", "groups")] == [True, True, False, False]
