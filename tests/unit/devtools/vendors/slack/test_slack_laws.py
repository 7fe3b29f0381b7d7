"""What holds of the pretend Slack whatever happens in it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.messages import Log, Message
from devtools.vendors.slack.pretend import PretendSlack
from devtools.vendors.slack.stories import change_something
from tests.unit.devtools.vendors.slack.places import place, told


@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 10_000), changes=some.integers(1, 120))
def test_whoever_follows_the_events_of_their_channels_knows_what_is_there(seed: int, changes: int) -> None:
    here = place()
    here.world.rng.seed(seed)
    ids = here.world.populate(users=6, channels=4, members_per_channel=3, private_share=0.3, bots=(here.bot.bot_user_id,))
    known = _looked_at(here.world, ids)

    for _ in range(changes):
        here.clock.advance(seconds=1)
        change_something(here.world, ids)
    for event in told(here.world):
        _follow(known, event)

    assert known == _looked_at(here.world, ids)


@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 10_000), changes=some.integers(1, 60))
def test_settings_and_only_these_move_updated_and_it_never_goes_back(seed: int, changes: int) -> None:
    here = place()
    here.world.rng.seed(seed)
    [one] = here.world.populate(users=4, channels=1, members_per_channel=2)
    for _ in range(changes):
        here.clock.advance(seconds=1)
        before = here.world.channel(one).updated
        story = change_something(here.world, [one], quietly=True)
        is_moved = here.world.channel(one).updated > before
        assert is_moved == (story in {"rename", "topic", "purpose", "archive", "convert"})


@given(some.lists(some.tuples(some.sampled_from(["post", "reply", "delete"]), some.integers(0, 20)), max_size=40))
def test_a_log_keeps_what_was_not_deleted_and_what_a_thread_hangs_on(steps: list[tuple[str, int]]) -> None:
    log, there = Log(), dict[str, Message]()
    for number, (step, choice) in enumerate(steps):
        parents = [one for one in log if not one.is_reply]
        if step == "post" or not parents:
            message = Message(f"{number:010d}.000000", "U1", "text", "T1")
            log.add(message)
            there[message.ts] = message
        elif step == "reply":
            parent = parents[choice % len(parents)]
            message = Message(f"{number:010d}.000000", "U2", "text", "T1", thread_ts=parent.ts)
            log.add(message, parent)
            there[message.ts] = message
        elif there:
            message = list(there.values())[choice % len(there)]
            del there[message.ts]
            log.remove(message)

    left = {one.ts for one in log if one.subtype != "tombstone"}
    assert left == set(there)
    assert all(one.replies for one in log if one.subtype == "tombstone")
    counts = {one.ts: one.written().get("reply_count", 0) for one in log if not one.is_reply}
    assert sum(counts.values()) == sum(one.is_reply for one in log)
    assert [one.ts for one in log] == sorted(one.ts for one in log)


def _looked_at(world: PretendSlack, ids: list[str]) -> dict[str, dict[str, Any]]:
    return {one: _seen(world.channel(one)) for one in ids}


def _seen(one: Conversation) -> dict[str, Any]:
    said = {"name": one.name, "topic": one.topic.value, "purpose": one.purpose.value, "is_archived": one.is_archived}
    return said | {"members": set(one.members), "is_private": one.is_private}


def _follow(known: dict[str, dict[str, Any]], event: dict[str, Any]) -> None:
    """As an app would."""
    kind, channel = event["type"], event.get("channel")
    if isinstance(channel, dict):
        known[channel["id"]]["name"] = channel["name"]
    elif kind == "member_joined_channel":
        known[event["channel"]]["members"].add(event["user"])
    elif kind == "member_left_channel":
        known[event["channel"]]["members"].discard(event["user"])
    elif kind.endswith("archive"):
        known[event["channel"]]["is_archived"] = not kind.endswith("unarchive")
    elif kind == "message":
        said = event.get("subtype", "")
        known[event["channel"]] |= {name: event[name] for name in ("topic", "purpose") if said.endswith(name)}
        if "_convert_to_" in said:
            known[event["channel"]]["is_private"] = said.endswith("private")
