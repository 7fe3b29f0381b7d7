"""A workspace in Slack and the deployed app: what it had is here, what its events tell is here at once, what they do not tell is found."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from devtools.local.run import SLACK_SIGNING_SECRET
from devtools.vendors.slack.signing import signed_headers
from tests.e2e.environment import until
from tests.e2e.told_slack import ToldSlack, told_slack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slack(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ToldSlack]:
    """Three public channels and a private one of Ada's and Bob's, read once."""
    async with told_slack(tmp_path_factory.mktemp("slack"), artefact) as running:
        await running.create("lighthouse", is_private=True, members=("bob",))
        await running.poll()
        yield running


async def channel(slack: ToldSlack, name: str) -> str:
    return next(one.id for one in (await slack.control.channels()).values() if one.name == name)


async def test_what_a_workspace_had_is_here_and_found_by_whom_slack_shows_it_and_nobody_else(slack: ToldSlack) -> None:
    seen = await slack.seen()

    assert seen.faults == []
    assert {seen.stored.name(one): seen.finders(one) for one in seen.stored.shards} == {
        **dict.fromkeys(("general", "sales", "support"), "ada, bob, cleo"),
        "lighthouse": "ada, bob",
    }


async def test_a_channel_that_is_renamed_is_so_here_and_slack_is_not_asked(slack: ToldSlack) -> None:
    sales = await channel(slack, "sales")
    before = await slack.control.calls_about(sales)

    await slack.control.tell("rename", channel_id=sales, name="deals")

    async def is_renamed() -> bool:
        return (await slack.stored()).name(sales) == "deals"

    await until(is_renamed, 20)
    assert await slack.control.calls_about(sales) == before


async def test_whoever_joins_a_private_channel_finds_it_and_was_told_of_by_an_event(slack: ToldSlack) -> None:
    lighthouse, cleo = await channel(slack, "lighthouse"), (await slack.people())["cleo"]
    found_before = await slack.finds(cleo, lighthouse)

    await slack.control.tell("join", channel_id=lighthouse, user_id=cleo.id)

    async def is_found() -> bool:
        return await slack.finds(cleo, lighthouse)

    await until(is_found, 20)
    assert not found_before


async def test_the_address_answers_slacks_challenge(slack: ToldSlack) -> None:
    assert await slack.control.tell("request-url", url=slack.run.slack_webhook_url) == {"is_verified": True}


async def test_a_call_that_slack_has_not_signed_is_refused_and_one_for_a_stranger_is_not(slack: ToldSlack) -> None:
    now, sales = int(time.time()), await channel(slack, "deals")
    event = {"type": "channel_rename", "channel": {"id": sales, "name": "forged", "created": now}, "event_ts": f"{now}.000000"}
    said = {"type": "event_callback", "api_app_id": slack.app, "team_id": slack.run.team_id, "event_id": "Ev1", "event_time": now}
    authorization = {"team_id": slack.run.team_id, "user_id": "U1", "is_bot": True, "is_enterprise_install": False}
    body = json.dumps({**said, "event": event, "authorizations": [authorization]}).encode()
    of_a_stranger = body.replace(slack.run.team_id.encode(), b"T0STRANGER")

    forged = await slack.post(body, secret="another", at=now)
    late = await slack.post(body, at=now - 301)
    changed = await slack.environment.post(slack.run.slack_webhook_url, body + b" ", signed_headers(SLACK_SIGNING_SECRET, now, body))
    unknown = await slack.post(of_a_stranger, at=now)

    assert [reply.status for reply in (forged, late, changed, unknown)] == [401, 401, 401, 200]
    assert (await slack.stored()).name(sales) == "deals"


async def test_what_slack_threw_away_is_a_gap_whose_comparison_mends_it_and_the_next_one_closes_it(slack: ToldSlack) -> None:
    support = await channel(slack, "support")

    await slack.control.tell("rate-limit", events_per_hour=0)
    await slack.control.tell("rename", channel_id=support, name="helpdesk")

    async def is_open() -> bool:
        return await slack.open_gaps() == [("Channel", "events-lost"), ("User", "events-lost")]

    await until(is_open, 20)
    lost = (await slack.stored()).name(support)
    await slack.a_minute_passes()
    await slack.timer()

    async def is_mended() -> bool:
        return (await slack.stored()).name(support) == "helpdesk" and await slack.open_gaps() == [("Channel", "events-lost")]

    await until(is_mended, 40)
    await slack.a_minute_passes()
    completeness = await slack.compared()
    assert (lost, completeness["gaps"], completeness["isComplete"]) == ("support", [], True)
    assert (await slack.seen()).faults == []
    assert await slack.environment.queue("rejected-messages") == []
