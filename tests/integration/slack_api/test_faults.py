"""What a fault plan makes of the pretend Slack's answers, and how the ledger has it."""

import asyncio

import aiohttp
import pytest

from devtools.faults.plan import Fault, Kind, PlanInvalid
from tests.integration.slack_api.worlds import World, refused


def fault(kind: Kind, **said: object) -> Fault:
    return Fault.model_validate({"at": "slack", "kind": kind, "operation": "conversations.info", "calls": 1, **said})


@pytest.mark.parametrize(
    ("status", "variant", "error", "answered"),
    [
        (429, None, "ratelimited", 429),
        (500, None, "internal_error", 500),
        (503, None, "service_unavailable", 503),
        (502, None, "fatal_error", 502),
        (400, "account-inactive", "account_inactive", 200),
        (400, "ekm-access-denied", "ekm_access_denied", 200),
        (400, "team-access-not-granted", "team_access_not_granted", 200),
        (500, "request-timeout", "request_timeout", 500),
        (408, None, "request_timeout", 200),
        (401, None, "invalid_auth", 200),
    ],
)
async def test_a_planned_refusal_is_in_the_vendors_words(world: World, status: int, variant: str | None, error: str, answered: int) -> None:
    made = world.channel()
    world.slack.faults.add(fault(Kind.REFUSE, status=status, variant=variant, retry_after_seconds=7, target=made.id))

    assert await refused(world.client.conversations_info(channel=made.id)) == (error, answered, "7")
    assert (await world.client.conversations_info(channel=made.id))["ok"] is True
    assert [(call.error, call.status, call.rows) for call in world.slack.ledger.about(made.id)] == [(error, answered, 0), ("", 200, 1)]
    assert world.slack.ledger.errors() == {error: 1}


@pytest.mark.parametrize("variant", [None, "error-page", "cut-off", "no-object", "no-rows"])
async def test_an_answer_may_be_none(world: World, variant: str | None) -> None:
    made = world.channel()
    world.slack.faults.add(fault(Kind.MALFORMED, variant=variant, operation="conversations.members"))

    async with world.http.get(
        f"{world.slack.api_url}conversations.members", params={"channel": made.id, "token": world.bot.token}
    ) as answer:
        text, kind = await answer.text(), answer.content_type

    match variant:
        case "no-rows":
            assert text == '{"ok": true, "response_metadata": {"next_cursor": ""}}'
        case "no-object":
            assert text == "[true]"
        case "cut-off":
            assert text.startswith('{"ok": true')
            assert not text.endswith("}")
        case _:
            assert (kind, text[:15]) == ("text/html", "<!DOCTYPE html>")


async def test_an_answer_may_be_lost_or_never_come(world: World) -> None:
    made = world.channel()
    world.slack.faults.add(fault(Kind.DROP), fault(Kind.TIMEOUT), fault(Kind.DELAY, seconds=0.01))

    # by POST: aiohttp asks again by itself where a GET was lost
    with pytest.raises(aiohttp.ClientError):
        await world.asked("conversations.info", channel=made.id)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(world.asked("conversations.info", channel=made.id), 0.1)
    assert (await world.client.conversations_info(channel=made.id))["channel"]["id"] == made.id
    assert [call.status for call in world.slack.ledger.calls] == [None, None, 200]


def test_what_it_cannot_do_is_refused_at_once(world: World) -> None:
    with pytest.raises(PlanInvalid, match="knows"):
        world.slack.faults.add(fault(Kind.REFUSE, status=400, variant="no-such-error"))
    with pytest.raises(PlanInvalid, match="can do"):
        world.slack.faults.add(fault(Kind.REORDER))
