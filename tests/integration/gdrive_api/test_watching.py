"""Channels of the pretend Google Drive: who watches a log is told that it has something new."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.integration.gdrive_api.worlds import ADA, BOB, NOON, World


@dataclass
class Listener:
    """Hears notifications. ``statuses``: what it answers, one after the other; 204 then."""

    url: str
    heard: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def states(self) -> list[str]:
        return [one["X-Goog-Resource-State"] for one in self.heard]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async def hear(request: web.Request) -> web.Response:
        one.heard.append({**request.headers, "body": await request.text()})
        return web.Response(status=one.statuses.pop(0) if one.statuses else 204)

    application = web.Application()
    application.router.add_post("/heard", hear)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one = Listener(f"http://127.0.0.1:{runner.addresses[0][1]}/heard")
    yield one
    await runner.cleanup()


async def watched(world: World, address: str, email: str = ADA, **said: Any) -> dict[str, Any]:
    token = await world.start(email)
    body = {"id": "channel-1", "type": "web_hook", "address": address, "token": "the token", **said}
    answer: dict[str, Any] = await world.used(email, lambda client: client.changes().watch(pageToken=token, body=body).execute())
    await world.google.told()
    return answer


async def test_first_comes_sync_then_one_word_of_any_number_of_changes(world: World, listener: Listener) -> None:
    channel = await watched(world, listener.url)
    for name in ("a", "b", "c"):
        world.drive.create_file(name, by=ADA)
    await world.google.told()

    assert listener.states() == ["sync", "change"]
    first, second = listener.heard
    assert (first["X-Goog-Channel-ID"], first["X-Goog-Channel-Token"], first["X-Goog-Message-Number"]) == ("channel-1", "the token", "1")
    assert first["X-Goog-Resource-ID"] == channel["resourceId"]
    assert first["X-Goog-Channel-Expiration"] == "Mon, 02 Mar 2026 13:00:30 GMT"
    assert int(second["X-Goog-Message-Number"]) > 1
    assert (first["body"], first["User-Agent"].partition(";")[0]) == ("", "APIs-Google")
    assert (channel["kind"], channel["expiration"]) == ("api#channel", str(int(NOON.timestamp() + 3600) * 1000))


async def test_nobody_is_told_of_what_they_cannot_see_nor_after_the_channel_ended(world: World, listener: Listener) -> None:
    channel = await watched(world, listener.url, BOB)
    world.drive.create_file("a", by=ADA)
    await world.google.told()
    assert listener.states() == ["sync"]

    def stop(client: Any, resource_id: str) -> Any:
        return client.channels().stop(body={"id": "channel-1", "resourceId": resource_id}).execute()

    assert await world.refusal(BOB, lambda client: stop(client, "wrong")) == (404, "notFound")
    await world.used(BOB, lambda client: stop(client, channel["resourceId"]))
    world.drive.create_file("b", by=BOB)
    await world.google.told()
    assert listener.states() == ["sync"]


async def test_a_channel_ends_by_the_clock(world: World, listener: Listener) -> None:
    await watched(world, listener.url)
    world.clock.advance(hours=1)
    world.drive.create_file("a", by=ADA)
    await world.google.told()

    assert listener.states() == ["sync"]


async def test_a_shared_drive_is_watched_by_itself(world: World, listener: Listener) -> None:
    sales = world.shared_drive()
    token = await world.start(BOB, sales.id)
    body = {"id": "x", "type": "web_hook", "address": listener.url}
    said = {"pageToken": token, "driveId": sales.id, "supportsAllDrives": True, "body": body}
    await world.used(BOB, lambda client: client.changes().watch(**said).execute())
    await world.google.told()
    world.drive.create_file("own", by=BOB)
    await world.google.told()
    world.drive.create_file("in sales", parent=sales.id, by=ADA)
    await world.google.told()

    assert listener.states() == ["sync", "change"]
    assert "X-Goog-Channel-Token" not in listener.heard[0]


async def test_what_is_not_taken_is_told_again(world: World, listener: Listener) -> None:
    listener.statuses = [503, 500]
    await watched(world, listener.url)

    assert [one.status for one in world.google.channels.told] == [503, 500, 204]


async def test_a_listener_that_is_not_there_holds_nobody_up(world: World) -> None:
    await watched(world, "http://127.0.0.1:9/")

    async with asyncio.timeout(10):
        world.drive.create_file("a", by=ADA)
        await world.google.told()
    assert {one.status for one in world.google.channels.told} == {None}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"id": ""}, "required"),
        ({"type": "carrier pigeon"}, "invalid"),
        ({"address": "http://elsewhere.example/"}, "invalid"),
        ({}, "channelIdNotUnique"),
    ],
)
async def test_a_channel_that_is_not_complete_is_refused(world: World, listener: Listener, said: dict[str, str], reason: str) -> None:
    await watched(world, listener.url)
    body = {"id": "channel-1", "type": "web_hook", "address": listener.url, **said}
    token = await world.start(ADA)

    assert await world.refusal(ADA, lambda client: client.changes().watch(pageToken=token, body=body).execute()) == (400, reason)
