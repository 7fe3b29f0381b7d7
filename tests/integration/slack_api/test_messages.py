"""``conversations.history`` and ``.replies`` of the pretend Slack: order, bounds, threads, tombstones, and one call a minute."""

from typing import Any

import pytest

from tests.integration.slack_api.worlds import World, refused


async def texts(world: World, channel: str, **said: Any) -> list[str]:
    answer = await world.client.conversations_history(channel=channel, **said)
    return [message["text"] for message in answer["messages"]]


async def test_history_is_newest_first_and_its_pages_are_all_of_it(world: World) -> None:
    made = world.channel()
    posted = [world.world.post(made.id, world.ada.id, f"{number}") for number in range(7)]

    pages = [(page["messages"], page["has_more"]) async for page in await world.client.conversations_history(channel=made.id, limit=3)]

    joined = [f"<@{one}> has joined the channel" for one in (world.bot.bot_user_id, world.ada.id)]
    assert [[message["text"] for message in page] for page, _ in pages] == [["6", "5", "4"], ["3", "2", "1"], ["0", *joined]]
    assert [has_more for _, has_more in pages] == [True, True, False]
    assert [message["ts"] for message in pages[0][0]] == [one.ts for one in reversed(posted[4:])]
    assert all(len(message["ts"].partition(".")[2]) == 6 for page, _ in pages for message in page)


async def test_bounds_are_exclusive_unless_they_are_asked_for(world: World) -> None:
    made = world.channel()
    one, two, three = (world.world.post(made.id, world.ada.id, text).ts for text in ("one", "two", "three"))

    assert await texts(world, made.id, oldest=one) == ["three", "two"]
    assert await texts(world, made.id, oldest=one, latest=three) == ["two"]
    assert await texts(world, made.id, oldest=one, latest=three, inclusive=True) == ["three", "two", "one"]
    assert await texts(world, made.id, oldest=one, latest=two, inclusive=True, limit=1) == ["two"]
    assert await texts(world, made.id, oldest=f"{one}1") == []  # seven decimals are taken, and find nothing
    assert (await refused(world.client.conversations_history(channel=made.id, oldest="yesterday")))[0] == "invalid_ts_oldest"


async def test_a_thread_grows_at_its_parent_and_is_read_oldest_first(world: World) -> None:
    made = world.channel()
    parent = world.world.post(made.id, world.ada.id, "question")
    first = world.world.reply(made.id, parent.ts, world.bob.id, "answer")
    last = world.world.reply(made.id, parent.ts, world.cleo.id, "loudly", is_broadcast=True)

    history = (await world.client.conversations_history(channel=made.id))["messages"]
    replies = (await world.client.conversations_replies(channel=made.id, ts=parent.ts))["messages"]
    pages = [page["messages"] async for page in await world.client.conversations_replies(channel=made.id, ts=first.ts, limit=1)]

    assert [message["text"] for message in history[:2]] == ["loudly", "question"]
    assert {key: history[1][key] for key in ("reply_count", "reply_users_count", "reply_users", "latest_reply", "thread_ts")} == {
        "reply_count": 2,
        "reply_users_count": 2,
        "reply_users": [world.bob.id, world.cleo.id],
        "latest_reply": last.ts,
        "thread_ts": parent.ts,
    }
    assert [message["text"] for message in replies] == ["question", "answer", "loudly"]
    assert [[message["text"] for message in page] for page in pages] == [["question", "answer"], ["question", "loudly"]]
    assert replies[1]["parent_user_id"] == world.ada.id
    assert (await refused(world.client.conversations_replies(channel=made.id, ts="1.000000")))[0] == "thread_not_found"


async def test_a_deleted_parent_is_a_tombstone_until_its_last_reply_is_gone(world: World) -> None:
    made = world.channel()
    parent = world.world.post(made.id, world.ada.id, "question")
    reply = world.world.reply(made.id, parent.ts, world.bob.id, "answer")

    world.world.delete_message(made.id, parent.ts)
    left = (await world.client.conversations_history(channel=made.id))["messages"][0]
    assert (left["subtype"], left["user"], left["text"], left["reply_count"]) == ("tombstone", "USLACKBOT", "This message was deleted.", 1)
    assert "question" not in str(left)
    world.world.delete_message(made.id, reply.ts)

    assert "tombstone" not in str(await world.client.conversations_history(channel=made.id))


async def test_an_edit_says_by_whom_and_a_bot_who_it_is(world: World) -> None:
    made = world.channel()
    said = world.world.post(made.id, world.ada.id, "helo")
    world.world.edit(made.id, said.ts, "hello")
    world.world.post(made.id, world.bot.bot_user_id, "beep")
    world.world.post(made.id, world.ada.id, "look", files=[{"id": "F1", "name": "a.txt"}])

    file, beep, hello, *_ = (await world.client.conversations_history(channel=made.id))["messages"]

    assert (hello["text"], hello["edited"]["user"], beep["bot_id"], file["subtype"], file["files"][0]["id"]) == (
        *("hello", world.ada.id, world.bot.bot_id, "file_share", "F1"),
    )


async def test_what_is_written_is_for_members_alone(world: World) -> None:
    public, private = world.channel("a", with_bot=False), world.channel("b", is_private=True, with_bot=False)

    assert (await refused(world.client.conversations_history(channel=public.id)))[0] == "not_in_channel"
    assert (await refused(world.client.conversations_history(channel=private.id)))[0] == "channel_not_found"


@pytest.mark.parametrize("is_limited", [False, True])
async def test_an_app_outside_the_marketplace_reads_15_rows_a_minute(world: World, is_limited: bool) -> None:
    made = world.channel()
    for number in range(40):
        world.world.post(made.id, world.ada.id, f"{number}", quietly=True)
    world.app.is_limited = is_limited

    answer = await world.client.conversations_history(channel=made.id, limit=200)
    if not is_limited:
        assert len(answer["messages"]) == 42
        return
    assert (len(answer["messages"]), answer["has_more"]) == (15, True)
    assert await refused(world.client.conversations_history(channel=made.id)) == ("ratelimited", 429, "60")
    world.clock.advance(seconds=59)
    assert await refused(world.client.conversations_history(channel=made.id)) == ("ratelimited", 429, "1")
    await world.client.conversations_info(channel=made.id)
    world.clock.advance(seconds=1)
    await world.client.conversations_history(channel=made.id, cursor=answer["response_metadata"]["next_cursor"])
    assert world.slack.ledger.rows("conversations.history") == 30
