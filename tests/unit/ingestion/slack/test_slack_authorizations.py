"""Who else may see what a call is about."""

import logging
from typing import Any

import pytest

from ingestion.sources.slack.authorizations import METHOD
from ingestion.sources.source import Records
from shared.errors import DependencyUnavailable
from tests.unit.ingestion.slack.scripted import APP, APP_TOKEN, Desk, Reply

OWN = f"slack:{APP}:T0ACME"


def authorization(**said: Any) -> dict[str, Any]:
    return {"team_id": None, "enterprise_id": None, "user_id": "U0BOT", "is_bot": True, "is_enterprise_install": False, **said}


def desk_with(reply: Reply) -> Desk:
    desk = Desk(app_tokens={APP: APP_TOKEN})
    desk.slack.tokens.add(APP_TOKEN)
    desk.slack.answers[METHOD] = reply
    return desk


async def test_all_accounts_are_named_by_their_handles_the_own_one_first() -> None:
    two = [authorization(team_id="T0ACME"), authorization(team_id="T9", enterprise_id="E1")]
    desk = desk_with({"authorizations": [*two, authorization(team_id="T8", enterprise_id="E2", is_enterprise_install=True), {}]})

    assert await desk.poller.accounts_of(desk.connection, "context") == [OWN, f"slack:{APP}:E2", f"slack:{APP}:T9"]
    assert desk.slack.forms(METHOD) == [{"event_context": "context"}]
    assert desk.slack.requests[-1].headers["authorization"] == f"Bearer {APP_TOKEN}"


async def test_more_accounts_than_a_page_holds_are_all_named() -> None:
    desk = desk_with({})
    desk.slack.answers[METHOD] = lambda form: {
        "authorizations": [authorization(team_id="T2" if "cursor" in form else "T1")],
        "response_metadata": {"next_cursor": "" if "cursor" in form else "more"},
    }

    assert await desk.poller.accounts_of(desk.connection, "context") == [OWN, f"slack:{APP}:T1", f"slack:{APP}:T2"]


async def test_without_an_app_level_token_only_the_own_account_is_known_and_nothing_is_asked() -> None:
    desk = Desk()

    assert await desk.poller.accounts_of(desk.connection, "context") == [OWN]
    assert desk.slack.requests == []


@pytest.mark.parametrize("word", ["invalid_auth", "missing_scope", "invalid_event_context", "accesslimited", "invalid_cursor"])
async def test_an_app_level_token_that_is_refused_is_logged_and_stops_nothing(word: str, caplog: pytest.LogCaptureFixture) -> None:
    desk = desk_with(word)

    with caplog.at_level(logging.WARNING):
        assert await desk.poller.accounts_of(desk.connection, "the-context") == [OWN]

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert APP_TOKEN not in caplog.text
    assert "the-context" not in caplog.text


async def test_an_outage_is_for_later() -> None:
    desk = desk_with("internal_error")

    with pytest.raises(DependencyUnavailable):
        await desk.poller.accounts_of(desk.connection, "context")


def test_the_poller_is_one_whose_records_can_be_read_singly() -> None:
    assert isinstance(Desk().poller, Records)
