"""Single records: as they are, gone, lost, under another id, and with people nobody has told of."""

from typing import Any

import pytest

from devtools.fakes.samples import give_up
from ingestion.sources.slack.people import MOST_NEWCOMERS
from shared.contracts.sync import SyncKind
from shared.errors import DependencyUnavailable, RateLimited, TransientError
from shared.shards.record_index import RecordKind
from tests.unit.ingestion.slack.scripted import TEAM, TENANT, Desk, channel, person

CHANNELS = RecordKind(TENANT, "slack", TEAM, "Channel")


async def test_a_channel_is_read_with_all_who_are_in_it_page_by_page() -> None:
    desk = Desk()
    desk.slack.has(channel("C1", num_members=3))
    desk.slack.answers["conversations.members"] = lambda form: (
        {"members": ["U3", "U1"], "response_metadata": {"next_cursor": ""}}
        if "cursor" in form
        else {"members": ["U2", "U1"], "response_metadata": {"next_cursor": "more"}}
    )

    [(record_type, key, kind, payload)] = await desk.records("C1")

    assert (record_type, key, kind) == ("Channel", "C1", "update")
    assert payload == {**channel("C1", num_members=3), "members": ["U1", "U2", "U3"]}
    assert desk.slack.forms("conversations.info") == [{"channel": "C1", "include_num_members": "true"}]


async def test_a_channel_says_all_there_is_of_it_and_names_no_stream() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))

    [event] = await desk.poller.records(desk.reading("Channel"), ["C1"])

    assert (event.coverage, event.stream, event.run, event.vendor_version) == ("complete", None, "run", None)
    assert (event.connection_id, event.tenant_id) == (desk.connection.id, TENANT)


async def test_a_public_channel_that_is_not_found_is_deleted_and_a_private_one_is_lost() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"), channel("C2", is_private=True))
    await desk.store("C1", "C2")
    desk.slack.has()

    assert await desk.records("C1", "C2") == [
        ("Channel", "C1", "delete", None),
        ("Channel", "C2", "update", {"id": "C2", "is_lost": True}),
    ]


async def test_a_channel_of_which_nothing_is_known_is_lost_and_speaks_for_nothing_else() -> None:
    desk = Desk()
    desk.slack.has()

    [event] = await desk.poller.records(desk.reading("Channel"), ["C9"])

    assert (event.event_type, event.payload, event.coverage) == ("update", {"id": "C9", "is_lost": True}, ("id", "is_lost"))


@pytest.mark.parametrize("word", ["access_denied", "ekm_access_denied", "team_access_not_granted"])
async def test_a_public_channel_that_a_rule_hides_is_lost_and_not_deleted(word: str) -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    await desk.store("C1")
    desk.slack.answers["conversations.info"] = word

    assert await desk.records("C1") == [("Channel", "C1", "update", {"id": "C1", "is_lost": True})]


async def test_members_that_may_not_be_known_are_not_taken_for_none() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    desk.slack.answers["conversations.members"] = "access_denied"

    [event] = await desk.poller.records(desk.reading("Channel"), ["C1"])

    assert event.payload == channel("C1")
    assert "members" not in event.coverage
    assert {"id", "name", "topic.value", "is_archived", "is_lost"} <= set(event.coverage)


async def test_a_channel_that_goes_between_two_questions_is_one_that_is_not_found() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    await desk.store("C1")
    desk.slack.answers["conversations.members"] = "channel_not_found"

    assert await desk.records("C1") == [("Channel", "C1", "delete", None)]


async def test_an_answer_with_another_id_says_that_it_changed_and_then_all_of_the_channel() -> None:
    desk = Desk()
    desk.slack.has(channel("C2", is_private=True))
    desk.slack.answers["conversations.info"] = {"channel": channel("C2", is_private=True)}

    events = await desk.poller.records(desk.reading("Channel"), ["C1"])

    assert [(event.source_id, event.coverage) for event in events] == [("C2", ("id", "previous_id")), ("C2", "complete")]
    assert events[0].payload == {"id": "C2", "previous_id": "C1"}


async def test_what_is_asked_for_under_an_id_it_had_before_is_read_under_the_one_it_has() -> None:
    desk = Desk()
    desk.slack.has(channel("C2"))
    await desk.store("C2")
    await give_up(desk.pipeline.shards, TENANT, CHANNELS.shard_id("C1"), CHANNELS.shard_id("C2"))

    [(_, key, kind, payload)] = await desk.records("C1")

    assert (key, kind, payload and payload["name"]) == ("C2", "update", "c2")


async def test_a_talk_between_two_or_several_is_none_of_ours() -> None:
    desk = Desk()
    desk.slack.has({"id": "D1", "is_im": True, "user": "U1"}, channel("G1", is_mpim=True))

    assert await desk.records("D1", "G1") == []
    assert desk.slack.forms("conversations.members") == []


async def test_who_is_new_in_a_channel_and_not_stored_is_told_before_it() -> None:
    desk = Desk()
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"])}
    desk.slack.has(channel("C1"), members={"C1": ["U1", "U2"]})

    events = await desk.records("C1")

    assert [(record_type, key) for record_type, key, _, _ in events] == [("User", "U1"), ("User", "U2"), ("Channel", "C1")]


async def test_only_newcomers_that_are_not_stored_are_asked_for_and_each_once_by_a_worker() -> None:
    desk = Desk()
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"])}
    desk.slack.has(channel("C1"), members={"C1": ["U1", "U2"]})
    await desk.store("C1")
    await desk.store("U3", stream="User")
    desk.slack.has(channel("C1"), channel("C2"), members={"C1": ["U1", "U2", "U3", "U4"], "C2": ["U1", "U4"]})

    told = await desk.records("C1", "C2")

    assert desk.slack.forms("users.info") == [{"user": "U4", "include_locale": "true"}]
    assert [key for record_type, key, _, _ in told if record_type == "User"] == ["U4", "U4"], "again, for it is not stored yet"


async def test_somebody_whom_the_app_may_not_see_holds_up_nobody() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"), members={"C1": ["U1"]})
    desk.slack.answers["users.info"] = "user_not_visible"

    assert [key for _, key, _, _ in await desk.records("C1")] == ["C1"]


async def test_people_are_read_as_they_are_and_not_from_memory() -> None:
    desk = Desk()
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"], deleted=len(desk.slack.calls) > 1)}

    once, twice = [await desk.records("U1", stream="User") for _ in range(2)]

    assert [payload and payload["deleted"] for _, _, _, payload in (*once, *twice)] == [False, True]


async def test_somebody_who_is_not_found_is_deleted() -> None:
    desk = Desk()
    desk.slack.answers["users.info"] = "user_not_found"

    assert await desk.records("U1", stream="User") == [("User", "U1", "delete", None)]


async def test_an_address_that_is_not_shown_is_not_taken_for_none() -> None:
    desk = Desk()
    desk.slack.answers["users.info"] = lambda form: {
        "user": person(form["user"], profile={"real_name": "Ada"}, is_bot=form["user"] == "U2")
    }

    ada, robot = await desk.poller.records(desk.reading("User"), ["U1", "U2"])

    assert "profile.email" not in ada.coverage
    assert {"id", "real_name", "deleted", "team_id", "is_restricted"} <= set(ada.coverage)
    assert robot.coverage == "complete", "a bot has none"


@pytest.mark.parametrize(("kind", "at_once"), [("changes", 10), ("compare", 1)])
async def test_live_reads_use_the_burst_and_those_of_a_comparison_do_not(kind: SyncKind, at_once: int) -> None:
    desk = Desk()
    desk.slack.has()
    for number in range(at_once):
        await desk.records(f"C{number}", kind=kind)
    assert desk.waits == []

    await desk.records("C99", kind=kind)

    assert desk.waits == [1.5]


async def test_a_read_whose_turn_is_far_off_is_for_later_and_says_when() -> None:
    desk = Desk()
    desk.slack.has()
    desk.slack.answers["conversations.info"] = "ratelimited"

    with pytest.raises(TransientError) as raised:
        await desk.records("C1")

    assert isinstance(raised.value, RateLimited)
    assert raised.value.retry_after_seconds == 30


async def test_somebody_who_has_another_id_now_is_told_under_it_and_gone_under_the_old_one() -> None:
    desk = Desk()
    desk.slack.answers["users.info"] = {"user": person("W1")}

    assert await desk.records("U1", stream="User") == [
        ("User", "U1", "delete", None),
        ("User", "W1", "update", person("W1", is_external=False)),
    ]


async def test_a_crowd_that_joins_at_once_does_not_hold_up_a_read() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"), members={"C1": [f"U{number:03}" for number in range(500)]})
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"])}

    told = await desk.records("C1")

    assert len(told) == MOST_NEWCOMERS + 1
    assert sum(desk.waits) < 5


@pytest.mark.parametrize("body", [{}, {"channel": None}, {"channel": {"name": "plans"}}])
async def test_an_answer_without_a_channel_is_for_later_and_nothing_follows_from_it(body: dict[str, Any]) -> None:
    desk = Desk()
    desk.slack.answers["conversations.info"] = body

    with pytest.raises(DependencyUnavailable):
        await desk.records("C1")


async def test_members_whose_next_page_is_not_accepted_are_for_later_and_never_half_of_them() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    first = {"members": ["U1"], "response_metadata": {"next_cursor": "more"}}
    desk.slack.answers["conversations.members"] = lambda form: "invalid_cursor" if "cursor" in form else first

    with pytest.raises(DependencyUnavailable):
        await desk.records("C1")


async def test_flags_of_guests_that_are_not_shown_are_not_taken_for_false() -> None:
    desk = Desk()
    silent = {"is_restricted": None, "is_ultra_restricted": None}
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"], **silent, deleted=form["user"] == "U2")}

    unclear, gone = await desk.poller.records(desk.reading("User"), ["U1", "U2"])

    assert unclear.coverage != "complete"
    assert not {"is_restricted", "is_ultra_restricted", "team_id"} & set(unclear.coverage), "nor are they given a member's rights"
    assert not {"is_restricted", "is_ultra_restricted"} & set(gone.coverage)
    assert {"deleted", "team_id"} <= set(gone.coverage), "whoever is deactivated is a member of nothing, and that is said"


@pytest.mark.parametrize("method", ["conversations.members", "users.list"])
async def test_an_answer_without_the_list_it_is_asked_for_is_not_taken_for_an_empty_one(method: str) -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    desk.slack.answers[method] = {}

    with pytest.raises(DependencyUnavailable):
        await (desk.records("C1") if method == "conversations.members" else desk.poller.versions(desk.connection, "User", after=None))
