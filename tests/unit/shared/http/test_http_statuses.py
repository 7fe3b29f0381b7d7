"""Every status there is has its error, and the other side's word about when to come back is taken."""

from collections.abc import Mapping
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, RequestRefused
from shared.http.statuses import STATUSES, error_of, retry_after_seconds

EXPECTED: Mapping[type[PipelineError], set[int]] = {
    ConfigurationError: {301, 308, 401, 402, 403, 404, 405, 407, 410},
    Conflict: {409, 412, 423},
    RateLimited: {429},
    RequestRefused: {400, 406, 411, 413, 414, 415, 416, 417, 418, 422, 426, 428, 431, 451},
    DependencyUnavailable: {
        *(300, 302, 303, 304, 305, 307),
        *(408, 421, 424, 425),
        *(500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511),
    },
}


@pytest.mark.parametrize("status", [status.value for status in HTTPStatus if status >= 300])
def test_every_status_the_standard_knows_has_its_error(status: int) -> None:
    [expected] = [error for error, statuses in EXPECTED.items() if status in statuses]

    error = error_of(status, {}, "asking")

    assert type(error) is expected
    assert str(error) == f"asking: answered {status}"


def test_the_table_holds_no_status_nobody_expects() -> None:
    assert set(STATUSES) <= {status for statuses in EXPECTED.values() for status in statuses}


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
def test_success_is_no_error(status: int) -> None:
    assert error_of(status, {}, "asking") is None


@pytest.mark.parametrize(("status", "expected"), [(499, RequestRefused), (529, DependencyUnavailable), (599, DependencyUnavailable)])
def test_a_status_nobody_has_heard_of_goes_by_its_class(status: int, expected: type[PipelineError]) -> None:
    assert type(error_of(status, {}, "asking")) is expected


DATE = "Sat, 21 Nov 2026 12:00:00 GMT"

SAID: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"retry-after": "17"}, 17.0),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after": "1.5"}, 1.5),
    ({"retry-after": "17", "retry-after-ms": "16400"}, 16.4),
    ({"retry-after": "17", "x-ms-retry-after-ms": "16400"}, 16.4),
    ({"retry-after": "17", "retry-after-ms": "soon"}, 17.0),
    ({"date": DATE, "retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, 90.0),
    ({"date": DATE, "retry-after": "Sat, 21 Nov 2026 11:59:00 GMT"}, 0.0),
    ({"retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, None),
    ({"retry-after": "86400"}, 3600.0),
    ({"retry-after": "-5"}, None),
    ({"retry-after": "inf"}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "soon"}, None),
    ({"date": DATE, "retry-after": "Mon, 01 Jan 99999999999999 00:00:00 GMT"}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), SAID)
def test_when_to_come_back_is_read_in_every_form_it_comes_in(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


@given(st.text(), st.text())
def test_no_header_can_break_it(said: str, date: str) -> None:
    seconds = retry_after_seconds({"retry-after": said, "date": date})

    assert seconds is None or 0 <= seconds <= 3600


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_wait_that_the_other_side_names_is_kept(status: int) -> None:
    error = error_of(status, {"retry-after": "17"}, "asking")

    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 17.0


def test_429_without_a_wait_asks_for_a_second() -> None:
    error = error_of(429, {}, "asking")

    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 1.0


@pytest.mark.parametrize("status", [400, 401, 404, 409])
def test_a_wait_does_not_make_a_refusal_temporary(status: int) -> None:
    assert not isinstance(error_of(status, {"retry-after": "17"}, "asking"), RateLimited)
