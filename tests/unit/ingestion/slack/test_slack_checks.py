"""What a person is told of an account before it is read."""

from typing import Any

import httpx2
import pytest

from ingestion.sources.slack.answers import TooManyCalls
from ingestion.sources.slack.budget import Budget
from shared.errors import ConfigurationError, StreamUnreadable
from tests.unit.ingestion.slack.scripted import APP, APP_TOKEN, Desk, person


def desk_with(*, profile: dict[str, Any] | None = None, **changes: Any) -> Desk:
    desk = Desk(app_tokens={APP: APP_TOKEN}, **changes)
    desk.slack.tokens.add(APP_TOKEN)
    desk.slack.has()
    desk.slack.answers["users.list"] = {"members": []}
    desk.slack.answers["users.info"] = {"user": person("U0BOT", profile=profile or {"api_app_id": APP})}
    return desk


async def details(desk: Desk) -> dict[str, tuple[bool, str]]:
    return {check.stream: (check.is_readable, check.detail) for check in await desk.poller.check(desk.connection)}


async def test_all_is_well() -> None:
    checks = await desk_with().poller.check(desk_with().connection)

    assert [(check.stream, check.is_readable, check.record_count, check.detail) for check in checks] == [
        ("User", True, None, ""),
        ("Channel", True, None, ""),
    ]


async def test_one_row_of_each_list_is_asked_for() -> None:
    desk = desk_with()
    await details(desk)

    assert [form["limit"] for method, form in desk.slack.calls if method.endswith(".list")] == ["1", "1"]


async def test_a_scope_that_is_missing_is_named_with_what_is_amiss_without_it() -> None:
    desk = desk_with()
    desk.slack.scopes = "users:read,channels:read"
    desk.slack.answers["conversations.list"] = httpx2.Response(200, json={"ok": False, "error": "missing_scope", "needed": "groups:read"})

    found = await details(desk)

    assert found["User"][0] is True
    assert "users:read.email" in found["User"][1]
    assert found["Channel"][0] is False
    assert "groups:read" in found["Channel"][1]


async def test_a_method_that_is_called_once_a_minute_is_named() -> None:
    desk = desk_with()
    budget = Budget(desk.connection, desk.pipeline.states, desk.clock)
    await budget.refused("conversations.members", TooManyCalls("too many", asked_seconds=60))

    assert "conversations.members be called once a minute only" in (await details(desk))["Channel"][1]


async def test_a_token_of_another_app_is_not_taken() -> None:
    desk = desk_with(profile={"api_app_id": "A0OTHER"})

    with pytest.raises(ConfigurationError, match="another app"):
        await details(desk)


@pytest.mark.parametrize("answer", ["user_not_found", "missing_scope", {"user": person("U0BOT")}, {"user": None}])
async def test_where_it_is_not_said_whose_app_it_is_nobody_is_turned_away(answer: Any) -> None:
    desk = desk_with()
    desk.slack.answers["users.info"] = answer

    assert (await details(desk))["Channel"][0] is True


async def test_a_token_of_another_account_is_not_taken() -> None:
    desk = desk_with()
    desk.slack.identity = {"team_id": "T0OTHER"}

    with pytest.raises(ConfigurationError, match="another account"):
        await details(desk)


async def test_an_app_level_token_that_is_missing_or_refused_is_told() -> None:
    refused, without = desk_with(), Desk()
    refused.slack.tokens.discard(APP_TOKEN)
    without.slack.answers = desk_with().slack.answers

    assert "SLACK_APP_TOKENS" in (await details(refused))["Channel"][1]
    assert "no app-level token" in (await details(without))["Channel"][1]


async def test_a_stream_that_slack_has_not_is_unreadable() -> None:
    desk = desk_with()
    desk.connection = desk.connection.model_copy(update={"streams": ("Message",)})

    assert (await details(desk))["Message"][0] is False
    with pytest.raises(StreamUnreadable):
        desk.poller.record_kind(desk.connection, "Message")
    with pytest.raises(StreamUnreadable):
        await desk.poller.page(desk.reading("Message"))


async def test_what_was_stored_a_moment_ago_counts() -> None:
    desk = desk_with()
    await details(desk)
    desk.secrets.values["slack"] = "xoxb-2"

    with pytest.raises(ConfigurationError):
        await details(desk)
