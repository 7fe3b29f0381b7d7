"""How often the pretend Slack may be asked: by method, app and workspace, in a minute of its clock."""

from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from devtools.faults.plan import Fault, Kind
from tests.integration.slack_api.worlds import World, refused


async def test_the_vendors_tiers_hold_for_each_method_by_itself(world: World) -> None:
    for _ in range(20):
        await world.client.conversations_list()
        world.clock.advance(seconds=1)

    assert await refused(world.client.conversations_list()) == ("ratelimited", 429, "40")
    await world.client.users_list()
    world.clock.advance(seconds=40)
    await world.client.conversations_list()
    assert world.slack.ledger.statuses() == {200: 22, 429: 1}


async def test_workspaces_and_apps_have_limits_of_their_own(world: World) -> None:
    world.slack.limits.per_minute["auth.test"] = 1
    elsewhere = world.world.install(world.app.app_id, team_id=world.world.add_workspace("Other").id)
    another = world.world.install(world.world.add_app("other").app_id, team_id=world.team.id)

    for token in (world.bot.token, elsewhere.token, another.token):
        await world.client_of(token).auth_test()
        assert (await refused(world.client_of(token).auth_test()))[1] == 429
    world.slack.limits.forget()
    await world.client.auth_test()
    world.slack.limits.clear()
    await world.client.auth_test()


async def test_other_methods_can_be_one_a_minute_too(world: World) -> None:
    world.app.limited_methods.add("conversations.info")
    made = world.channel()

    await world.client.conversations_info(channel=made.id)

    assert await refused(world.client.conversations_info(channel=made.id)) == ("ratelimited", 429, "60")


async def test_the_vendors_own_client_waits_as_it_is_told(world: World) -> None:
    world.slack.faults.add(Fault(at="slack", kind=Kind.REFUSE, status=429, retry_after_seconds=0, operation="auth.test", calls=1))

    patient = AsyncRateLimitErrorRetryHandler(max_retry_count=1)
    client = AsyncWebClient(token=world.bot.token, base_url=world.slack.api_url, session=world.http, retry_handlers=[patient])

    assert (await client.auth_test())["team_id"] == world.team.id
    assert [call.status for call in world.slack.ledger.calls] == [429, 200]
