"""Whether a read shows what Slack had told of before."""

from typing import Any

import pytest

from ingestion.sources.slack.expectations import is_shown
from ingestion.sources.slack.sightings import Seen
from shared.contracts.ingestion import IngestionEvent
from tests.unit.ingestion.slack.scripted import Desk, channel, person


def read(**said: Any) -> list[IngestionEvent]:
    """Somebody new, and the channel."""
    desk = Desk()
    seen = Seen(desk.connection, "run")
    return [seen.record("User", person("U9"), desk.clock()), seen.record("Channel", channel("C1", **said), desk.clock())]


@pytest.mark.parametrize(
    ("said", "expected", "is_as_expected"),
    [
        ({"members": ["U1"]}, "joined:U1", True),
        ({"members": ["U2"]}, "joined:U1", False),
        ({"members": ["U2"]}, "left:U1", True),
        ({"members": ["U1"]}, "left:U1", False),
        ({"members": [], "is_ext_shared": True}, "is_ext_shared:true", True),
        ({"members": [], "is_ext_shared": False}, "is_ext_shared:true", False),
        ({"members": [], "is_ext_shared": False}, "is_ext_shared:false", True),
        ({"members": [], "is_private": True}, "is_private:false", False),
        ({"members": []}, "name:c1", True),
        ({"members": []}, "nothing", True),
        ({}, "joined:U1", False),
        ({}, "left:U1", True),
        ({}, "is_private:false", True),
    ],
)
def test_a_channel_shows_who_is_in_it_and_its_fields(said: dict[str, Any], expected: str, *, is_as_expected: bool) -> None:
    assert is_shown(read(**said), expected) is is_as_expected


def test_of_a_channel_that_is_not_seen_only_a_leaving_is_shown() -> None:
    desk = Desk()
    lost = [Seen(desk.connection, "run").lost("C1", desk.clock())]

    assert [is_shown(lost, expected) for expected in ("left:U1", "joined:U1", "is_private:true")] == [True, False, False]


def test_there_is_nothing_to_wait_for_where_nothing_of_ours_was_read() -> None:
    assert is_shown([], "joined:U1")
    assert Desk().poller.shows([], "joined:U1")
