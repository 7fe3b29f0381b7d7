"""When a gap is closed: by a sweep that began after all that the gap stands for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.gaps.gap import SEEN_EVERY, Gap

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def seen(seconds: float) -> Gap:
    return Gap.found(
        tenant_id="acme", connection_id="salesforce:1", stream="Account", reason="acl-unknown", at=NOON + timedelta(seconds=seconds)
    )


@pytest.mark.parametrize(("seconds", "said"), [(-3600, True), (0, True), (59.9, True), (60, False), (3600, False)])
def test_a_gap_says_what_is_seen_less_than_a_minute_after_it_was_marked(seconds: float, said: bool) -> None:
    assert seen(0).says(seen(seconds)) is said


def test_a_closed_gap_says_nothing() -> None:
    assert not seen(0).model_copy(update={"status": "closed"}).says(seen(0))


def test_a_gap_of_a_deployment_that_did_not_mark_them_counts_from_its_opening() -> None:
    old = seen(0).model_copy(update={"seen_at": None})

    assert old.says(seen(30))
    assert not old.says(seen(60))
    assert not old.is_closed_by(NOON + SEEN_EVERY - timedelta(seconds=1))
    assert old.is_closed_by(NOON + SEEN_EVERY)


@given(marked=st.floats(0, 300), again=st.floats(0, 300), swept=st.floats(0, 600))
def test_no_sighting_after_a_sweep_began_hides_behind_a_gap_that_the_sweep_closes(marked: float, again: float, swept: float) -> None:
    gap = seen(marked)

    if gap.is_closed_by(NOON + timedelta(seconds=swept)) and again >= swept:
        assert not gap.says(seen(again))
