"""Tokens of the pretend Slack: what each may ask, how it ends, and where it comes from."""

import asyncio
from typing import Any

from slack_sdk import WebClient

from tests.integration.slack_api.worlds import World, refused


async def access(world: World, **said: str) -> Any:
    """``oauth.v2.access`` as the app, asked by the client that waits: the other one still signs in by what aiohttp is about to drop."""
    named = {"client_id": world.app.client_id, "client_secret": world.app.client_secret}
    return await asyncio.to_thread(WebClient(base_url=world.slack.api_url).oauth_v2_access, **(named | said))


async def test_a_token_knows_who_it_is(world: World) -> None:
    said = (await world.client.auth_test()).data

    assert said == {
        "ok": True,
        "url": "https://pretend.slack.example/",
        "team": "Pretend",
        "user": "shardline",
        "team_id": world.team.id,
        "user_id": world.bot.bot_user_id,
        "bot_id": world.bot.bot_id,
        "is_enterprise_install": False,
    }


async def test_every_end_of_a_token_has_its_own_error(world: World) -> None:
    app, team = world.app.app_id, world.team.id
    old = world.bot.token

    assert (await refused(world.client_of("xoxb-wrong").auth_test()))[0] == "invalid_auth"
    assert (await refused(world.client_of(world.app.app_token).auth_test()))[0] == "not_allowed_token_type"
    world.world.expire_tokens(app, team)
    assert (await refused(world.client.auth_test()))[0] == "token_expired"
    new = world.world.reinstall(app, team).token
    await world.client_of(new).auth_test()
    world.world.revoke_token(app, team)
    assert (await refused(world.client_of(new).auth_test()))[0] == "token_revoked"
    world.world.uninstall(app, team)
    last = world.world.reinstall(app, team).token
    world.world.uninstall(app, team)
    assert (await refused(world.client_of(last).auth_test()))[0] == "account_inactive"
    assert len({old, new, last}) == 3


async def test_without_a_token_nobody_is_let_in_and_there_is_no_other_method(world: World) -> None:
    async with world.http.post(f"{world.slack.api_url}auth.test") as answer:
        assert (answer.status, await answer.json()) == (200, {"ok": False, "error": "not_authed"})
    assert await world.asked("conversations.paint") == {"ok": False, "error": "unknown_method"}
    assert (await world.client.api_test(foo="bar"))["args"] == {"foo": "bar"}
    assert (await refused(world.client.api_test(error="my_error")))[0] == "my_error"


async def test_a_missing_scope_is_named_with_those_that_there_are(world: World) -> None:
    made = world.channel(is_private=True)
    world.bot.scopes.clear()
    world.bot.scopes |= {"channels:read", "channels:history"}

    for asking, needed in (
        ({"method": "users.list"}, "users:read"),
        ({"method": "conversations.info", "channel": made.id}, "groups:read"),
        ({"method": "conversations.list", "types": "public_channel,private_channel"}, "groups:read"),
        ({"method": "conversations.history", "channel": made.id}, "groups:history"),
    ):
        said = await world.asked(**asking)
        assert said == {"ok": False, "error": "missing_scope", "needed": needed, "provided": "channels:history,channels:read"}


async def test_answers_carry_scopes_a_request_id_and_the_date_of_its_clock(world: World) -> None:
    answer = await world.client.conversations_list()

    assert answer.headers["x-oauth-scopes"].startswith("channels:history,channels:read,")
    assert answer.headers["x-accepted-oauth-scopes"] == "channels:read,groups:read,im:read,mpim:read"
    assert answer.headers["Date"] == "Mon, 02 Mar 2026 12:00:30 GMT"
    assert answer.headers["x-slack-req-id"]


async def test_arguments_may_be_a_form_json_or_an_address_and_the_token_one_of_them(world: World) -> None:
    made = world.channel()
    url, token = f"{world.slack.api_url}conversations.info", world.bot.token

    async def asked(method: str, **said: Any) -> Any:
        async with world.http.request(method, url, **said) as answer:
            body = await answer.json()
            return (body.get("channel", body).get("id"), body.get("warning"))

    assert await asked("GET", params={"channel": made.id, "token": token}) == (made.id, None)
    assert await asked("POST", data={"channel": made.id, "token": token}) == (made.id, None)
    bearer = {"Authorization": f"Bearer {token}"}
    assert await asked("POST", json={"channel": made.id, "include_locale": True}, headers=bearer) == (made.id, "missing_charset")
    with_charset = bearer | {"Content-Type": "application/json; charset=utf-8"}
    assert await asked("POST", json={"channel": made.id}, headers=with_charset) == (made.id, None)
    async with world.http.post(url, data=b"{", headers=with_charset) as answer:
        assert (await answer.json())["error"] == "invalid_json"


async def test_an_org_wide_token_names_the_workspace_it_asks_about(world: World) -> None:
    slack = world.world
    grid = slack.add_enterprise("Grid")
    north, south, east = (slack.add_workspace(name, enterprise_id=grid.id) for name in ("North", "South", "East"))
    ann = slack.add_person(north.id, "Ann", team_ids=[north.id, south.id])
    bot = slack.install(world.app.app_id, enterprise_id=grid.id, team_ids=[north.id, south.id])
    made = slack.create(south.id, "south-only", ann.id)
    client = world.client_of(bot.token)

    said = (await client.auth_test()).data
    assert isinstance(said, dict)
    assert (said["team_id"], said["enterprise_id"], said["is_enterprise_install"]) == (grid.id, grid.id, True)
    assert [one["id"] for one in (await client.auth_teams_list())["teams"]] == sorted([north.id, south.id])
    assert (await refused(client.conversations_list()))[0] == "missing_argument"
    assert (await refused(client.users_list(team_id="T0NOWHERE00")))[0] == "team_not_found"
    assert (await refused(client.users_list(team_id=east.id)))[0] == "team_access_not_granted"
    assert [one["id"] for one in (await client.conversations_list(team_id=south.id))["channels"]] == [made.id]
    assert (await client.conversations_info(channel=made.id))["channel"]["context_team_id"] == south.id
    user = (await client.users_info(user=ann.id))["user"]
    assert (user["enterprise_user"]["enterprise_id"], user["enterprise_user"]["teams"]) == (grid.id, [north.id, south.id])
    slack.revoke_team(world.app.app_id, grid.id, south.id)
    assert (await refused(client.conversations_info(channel=made.id)))[0] == "channel_not_found"
    slack.grant_team(world.app.app_id, grid.id, south.id)
    assert (await client.team_info(team=south.id))["team"]["enterprise_id"] == grid.id
    assert (await client.team_info())["team"]["id"] == grid.id


async def test_a_code_is_good_once_and_a_wrong_app_gets_nothing(world: World) -> None:
    other = world.world.add_workspace("Other")
    code = world.world.authorize(world.app.app_id, other.id, scopes=["channels:read"], by=world.ada.id)

    assert (await refused(access(world, client_id="1.1", code=code)))[0] == "invalid_client_id"
    assert (await refused(access(world, client_secret="x", code=code)))[0] == "bad_client_secret"
    assert (await refused(access(world, code="no")))[0] == "invalid_code"
    granted = await access(world, code=code)
    assert (granted["team"], granted["enterprise"], granted["scope"], granted["token_type"]) == (
        *({"id": other.id, "name": "Other"}, None, "channels:read", "bot"),
    )
    assert (await world.client_of(granted["access_token"]).auth_test())["user_id"] == granted["bot_user_id"]
    assert (await refused(access(world, code=code)))[0] == "code_already_used"


async def test_a_whole_enterprise_may_consent(world: World) -> None:
    grid = world.world.add_enterprise("Grid")
    north, south = (world.world.add_workspace(name, enterprise_id=grid.id) for name in ("North", "South"))

    granted = await access(world, code=world.world.authorize(world.app.app_id, grid.id))

    assert (granted["team"], granted["enterprise"], granted["is_enterprise_install"]) == (None, {"id": grid.id, "name": "Grid"}, True)
    teams = (await world.client_of(granted["access_token"]).auth_teams_list())["teams"]
    assert [one["id"] for one in teams] == sorted([north.id, south.id])


async def test_rotating_tokens_end_after_twelve_hours_and_are_renewed(world: World) -> None:
    world.app.rotates_tokens = True
    code = world.world.authorize(world.app.app_id, world.team.id)

    granted = await access(world, code=code)
    assert (granted["expires_in"], granted["refresh_token"][:5], granted["access_token"][:9]) == (43200, "xoxe-", "xoxe.xoxb")
    world.clock.advance(seconds=43200)
    assert (await refused(world.client_of(granted["access_token"]).auth_test()))[0] == "token_expired"
    renewed = await access(world, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    await world.client_of(renewed["access_token"]).auth_test()
    again = access(world, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert (await refused(again))[0] == "invalid_refresh_token"


async def test_an_app_token_asks_for_whom_an_event_was(world: World) -> None:
    other = world.world.add_workspace("Partner")
    zoe = world.world.add_person(other.id, "Zoe")
    second = world.world.install(world.app.app_id, team_id=other.id)
    shared = world.world.share(world.channel().id, other.id)
    world.world.join(shared.id, second.bot_user_id)
    world.world.post(shared.id, zoe.id, "hello")
    context = world.world.emitted[-1].body["event_context"]
    client = world.client_of(world.app.app_token)

    found = (await client.apps_event_authorizations_list(event_context=context))["authorizations"]

    assert [(one["team_id"], one["user_id"]) for one in found] == [(world.team.id, world.bot.bot_user_id), (other.id, second.bot_user_id)]
    assert (await refused(client.apps_event_authorizations_list(event_context="4-x")))[0] == "invalid_event_context"
    assert (await refused(world.client.apps_event_authorizations_list(event_context=context)))[0] == "not_allowed_token_type"
    world.app.app_scopes.clear()
    assert (await refused(client.apps_event_authorizations_list(event_context=context)))[0] == "missing_scope"
