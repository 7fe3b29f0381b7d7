"""The pretend Slack as a process of its own, and how another process changes what it holds (``/pretend/…``)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from devtools.faults.plan import Plan
from devtools.faults.stand_ins import STAND_INS, check
from devtools.vendors.slack.__main__ import main
from devtools.vendors.slack.api.control import COMMANDS, add_control
from devtools.vendors.slack.api.service import METHODS, PER_MINUTE
from devtools.vendors.slack.company import found_company
from devtools.vendors.slack.faults import METHODS as PLACES
from devtools.vendors.slack.pretend import PretendSlack
from tests.integration.slack_api.worlds import Clock, World, pretending, refused


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with pretending(prepare=add_control, delivers=True) as world:
        yield world


async def told(world: World, command: str, **said: Any) -> Any:
    async with world.http.post(f"{world.slack.url}/pretend/{command}", json=said) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def seen(world: World, what: str) -> Any:
    async with world.http.get(f"{world.slack.url}/pretend/{what}") as answer:
        return await answer.json()


async def test_another_process_does_what_people_do(world: World) -> None:
    team, ada, bob = world.team.id, world.ada.id, world.bob.id
    made = (await told(world, "create", team_id=team, name="sales", by=ada, members=[world.bot.bot_user_id]))["id"]
    for command, said in (
        *(("rename", {"name": "trade"}), ("set-topic", {"topic": "t"}), ("set-purpose", {"purpose": "p"}), ("join", {"user_id": bob})),
        *(("kick", {"user_id": bob, "by": ada}), ("invite", {"user_id": bob, "by": ada}), ("archive", {}), ("unarchive", {})),
        *(("convert-to-private", {}), ("convert-to-public", {}), ("change-history", {}), ("leave", {"user_id": ada})),
    ):
        await told(world, command, channel_id=made, **said)
    ts = (await told(world, "post", channel_id=made, by=bob, text="hello"))["ts"]
    await told(world, "reply", channel_id=made, thread_ts=ts, by=ada, text="hi")
    await told(world, "edit", channel_id=made, ts=ts, text="hello!")
    await told(world, "delete-message", channel_id=made, ts=ts, quietly=True)
    dan = (await told(world, "add-person", team_id=team, name="Dan", is_restricted=True))["id"]
    await told(world, "change-person", user_id=dan, title="Partner")
    await told(world, "deactivate", user_id=dan)
    partner = (await told(world, "add-workspace", name="Partner"))["id"]
    await told(world, "share", channel_id=made, team_id=partner)
    left = (await told(world, "unshare", channel_id=made, team_id=partner))["id"]
    new = (await told(world, "change-id", channel_id=made))["id"]
    channels = {one["id"]: one for one in (await seen(world, "channels"))["channels"]}
    people = {one["id"]: one for one in (await seen(world, "people"))["people"]}

    assert channels.keys() == {left, new}
    one = channels[new]
    assert (one["name"], one["topic"], one["purpose"], one["is_archived"], one["is_private"]) == ("trade", "t", "p", False, False)
    assert set(one["members"]) == {bob, world.bot.bot_user_id}
    assert (channels[left]["frozen_reason"], people[dan]["deleted"], people[dan]["title"]) == ("connection_severed", True, "Partner")
    assert len((await told(world, "populate", channels=5, members_per_channel=2))["ids"]) == 5
    await told(world, "delete", channel_id=new)
    assert (await refused(world.client.conversations_info(channel=new)))[0] == "channel_not_found"


async def test_another_process_does_to_apps_what_administrators_do(world: World) -> None:
    await told(world, "revoke-token")
    assert (await refused(world.client.auth_test()))[0] == "token_revoked"
    again = await told(world, "reinstall", scopes=["team:read"])
    assert (again["scopes"], again["bot_user_id"]) == (["team:read"], world.bot.bot_user_id)
    await told(world, "uninstall")
    assert (await refused(world.client_of(again["token"]).auth_test()))[0] == "account_inactive"
    assert (await told(world, "authorize", place=world.team.id))["code"]
    await told(world, "events", events=["channel_rename"])
    assert world.app.events == {"channel_rename"}


async def test_another_process_decides_what_is_delivered(world: World) -> None:
    received: list[dict[str, Any]] = []

    async def send(body: bytes, headers: Any) -> tuple[int, dict[str, str], bytes]:
        received.append({})
        return 200, {}, body

    assert world.slack.deliveries is not None
    deliveries, made = world.slack.deliveries, world.channel()
    deliveries.send = send
    assert (await told(world, "request-url", url="http://127.0.0.1:9/x"))["is_verified"] is True
    await told(world, "hold")
    await told(world, "set-topic", channel_id=made.id, topic="1")
    assert (await told(world, "hold", is_held=False))["waiting"] == 1
    async with asyncio.timeout(5):
        await deliveries.settle()
    await told(world, "disable")
    await told(world, "set-topic", channel_id=made.id, topic="2")
    await told(world, "enable")
    await told(world, "lose-minutes", minutes=5)
    await told(world, "set-topic", channel_id=made.id, topic="3")
    deliveries.loses_until = None
    limits = {
        "events_per_hour": 1,
        "per_minute": {"auth.test": None, "team.info": 3},
        "is_limited": True,
        "limited_methods": ["users.info"],
    }
    answered = await told(world, "rate-limit", **limits)
    await told(world, "set-topic", channel_id=made.id, topic="4")
    told_of = await seen(world, "ledger")

    assert ("auth.test" in answered["per_minute"], answered["per_minute"]["team.info"]) == (False, 3)
    assert (world.app.is_limited, world.app.limited_methods) == (True, {"users.info"})
    assert [one["reason"] for one in told_of["deliveries"]["lost"]] == ["disabled", "dropped", "rate_limited"]
    assert (await told(world, "mishaps", hold=3, drop_share=0.5))["hold"] == 3
    assert (await told(world, "knobs", short_pages=3))["short_pages"] == 3


async def test_a_burst_is_as_long_as_it_was_asked_for(world: World) -> None:
    world.world.populate(users=5, channels=4, members_per_channel=3, bots=(world.bot.bot_user_id,))

    done = (await told(world, "burst", count=40, channels=3, duplicates=0.5))["done"]

    assert sum(done.values()) == 40
    assert len(done) > 3
    assert world.slack.deliveries is not None
    assert world.slack.deliveries.mishaps.duplicate_share == 0.0


@pytest.mark.parametrize(
    ("command", "said", "status"),
    [
        ("paint", {}, 404),
        ("rename", {"channel_id": "C0NOTHERE00", "name": "x"}, 404),
        ("rename", {"name": "x"}, 400),
        ("knobs", {"colour": 1}, 404),
        ("uninstall", {"app_id": "A0NOTHERE00"}, 404),
        ("unshare", {"channel_id": "", "team_id": ""}, 404),
    ],
)
async def test_what_cannot_be_done_is_said(world: World, command: str, said: dict[str, Any], status: int) -> None:
    async with world.http.post(f"{world.slack.url}/pretend/{command}", json=said) as answer:
        assert (answer.status, set(await answer.json())) == (status, {"error"})


def test_a_company_has_channels_of_every_sort() -> None:
    world = PretendSlack(Random(1), Clock())
    company = found_company(world, users=10, channels=12, team_id="T1", app_id="A1", signing_secret="s", bot_token="xoxb-1")
    channels = world.channels(team_id="T1")

    assert (len(channels), sum(one.is_private for one in channels), len(world.emitted)) == (13, 4, 0)
    assert sum(company.installation.bot_user_id in one.members for one in channels) == 10
    assert (company.app.signing_secret, company.installation.token, company.workspace.general_id) == ("s", "xoxb-1", channels[0].id)


def test_every_method_has_a_place_and_a_limit() -> None:
    assert {*METHODS, "api.test", "apps.event.authorizations.list", "oauth.v2.access"} == set(PLACES)
    assert set(PER_MINUTE) == {*METHODS, "apps.event.authorizations.list"}
    assert len(COMMANDS) == len(set(COMMANDS))


def test_the_busy_plan_can_be_carried_out() -> None:
    check(Plan.read(Path(__file__).parents[3] / "devtools" / "faults" / "plans" / "busy-slack.json"))
    assert STAND_INS["slack"].module == "devtools.vendors.slack"


def test_a_mistake_at_the_start_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "0", "--faults", "/nowhere.json"]) == 1
    assert capsys.readouterr().err == "slack: the fault plan /nowhere.json cannot be read: No such file or directory\n"


async def test_it_serves_until_it_is_asked_to_stop() -> None:
    options = ["--port", "0", "--seed", "3", "--app-id", "A0TEST", "--clock", "2026-01-02T03:04:05Z", "--channels", "5", "--many", "40"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "devtools.vendors.slack", *options, "--bot-token", "xoxb-test"), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert "app A0TEST, " in line
        assert "bot token xoxb-test, " in line
        url = line.removeprefix("slack: ready on ").partition(",")[0]
        async with aiohttp.ClientSession() as http:
            client = AsyncWebClient(token="xoxb-test", base_url=f"{url}/api/", session=http)
            answer = await client.conversations_list(limit=200)
        assert answer.headers["Date"].startswith("Fri, 02 Jan 2026 03:04:")
        assert len(answer["channels"]) == 45  # of the private ones those that the bot is in
        process.terminate()
        said = (await process.stdout.read()).decode()
        assert (await process.wait(), said) == (0, "slack: 1 × conversations.list; 45 rows; 0 deliveries\n")
    finally:
        if process.returncode is None:
            process.kill()
