"""How Slack is asked: with which token, whose it is, and what happens when it is refused."""

import json
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from typing_extensions import override

from devtools.fakes.stores import InMemorySecrets
from ingestion.sources.slack.budget import DEFAULT_PAUSE_SECONDS
from shared.errors import ConfigurationError, DependencyUnavailable, RateLimited, RequestRefused, StreamUnreadable
from shared.telemetry.names import Metric
from tests.unit.ingestion.slack.scripted import APP, BASE_URL, TOKEN, Desk, person


def slow_down(seconds: int) -> httpx2.Response:
    return httpx2.Response(429, json={"ok": False, "error": "ratelimited"}, headers={"retry-after": str(seconds)})


async def ada(desk: Desk) -> Any:
    """Ask for somebody."""
    [event] = await desk.poller.records(desk.reading("User"), ["U1"])
    return event


def desk_with(reply: Any) -> Desk:
    desk = Desk()
    desk.slack.answers["users.info"] = reply
    return desk


async def test_a_method_is_a_form_below_the_api_with_a_bearer_token() -> None:
    desk = desk_with({"user": person("U1")})

    await ada(desk)

    request = desk.slack.requests[-1]
    assert (request.method, str(request.url)) == ("POST", f"{BASE_URL}/api/users.info")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert desk.slack.calls == [("users.info", {"user": "U1", "include_locale": "true"})]
    assert desk.metrics.total(Metric.SOURCE_REQUESTS, source="slack", operation="users.info", outcome="answered") == 1


async def test_whose_the_token_is_is_asked_once_before_anything_is_read_with_it() -> None:
    desk = desk_with({"user": person("U1")})

    await ada(desk)
    await ada(desk)

    assert [request.url.path.rpartition("/")[2] for request in desk.slack.requests] == ["auth.test", "users.info", "users.info"]


@pytest.mark.parametrize(
    "identity",
    [
        {"team_id": "T0OTHER"},
        {"team_id": None},
        {"team_id": "T0ACME", "enterprise_id": "E0GRID", "is_enterprise_install": True},
        {"team_id": "T0ACME", "app_id": "A0OTHER"},
    ],
)
async def test_a_token_of_another_account_or_app_reads_nothing(identity: dict[str, Any]) -> None:
    desk = desk_with({"user": person("U1")})
    desk.slack.identity = identity

    with pytest.raises(ConfigurationError, match="compare the two"):
        await ada(desk)

    assert desk.slack.calls == []


async def test_an_organization_is_known_by_its_id_where_the_app_is_installed_in_all_of_it() -> None:
    desk = Desk(account="E0GRID")
    desk.slack.answers["users.info"] = {"user": person("U1")}
    desk.slack.identity = {"team_id": "T0ACME", "enterprise_id": "E0GRID", "is_enterprise_install": True, "app_id": APP}

    assert (await ada(desk)).source_id == "U1"


async def test_a_connection_without_a_token_is_for_a_person() -> None:
    desk = Desk()
    desk.connection = desk.connection.model_copy(update={"credential": None})

    with pytest.raises(ConfigurationError, match="no bot token"):
        await desk.poller.page(desk.reading("User"))


@pytest.mark.parametrize("secret", ["", "  ", "two words", "t\u00f6ken", "xoxb-1\nx-evil: 1"])
async def test_a_secret_that_is_no_token_is_sent_nowhere(secret: str) -> None:
    desk = desk_with({"user": person("U1")})
    desk.secrets.values["slack"] = secret

    with pytest.raises(ConfigurationError, match="no token"):
        await ada(desk)

    assert desk.slack.requests == []


async def test_a_refused_token_is_read_once_more_and_then_is_for_a_person() -> None:
    desk = desk_with({"user": person("U1")})
    await ada(desk)
    desk.slack.tokens.clear()

    with pytest.raises(ConfigurationError, match="install the app again") as raised:
        await ada(desk)

    assert TOKEN not in str(raised.value)


async def test_a_token_that_was_replaced_is_taken_without_a_word() -> None:
    desk = desk_with({"user": person("U1")})
    await ada(desk)
    desk.slack.tokens = {"xoxb-2"}
    desk.secrets.values["slack"] = "xoxb-2"

    assert (await ada(desk)).source_id == "U1"


async def test_a_replaced_token_of_another_account_reads_nothing() -> None:
    desk = desk_with({"user": person("U1")})
    await ada(desk)
    desk.slack.tokens = {"xoxb-2"}
    desk.secrets.values["slack"] = "xoxb-2"
    desk.slack.identity = {"team_id": "T0OTHER"}

    with pytest.raises(ConfigurationError, match="another account"):
        await ada(desk)


async def test_after_a_refusal_the_secret_is_read_anew() -> None:
    desk = desk_with({"user": person("U1")})
    desk.slack.tokens = {"xoxb-2"}
    with pytest.raises(ConfigurationError):
        await ada(desk)

    desk.secrets.values["slack"] = "xoxb-2"

    assert (await ada(desk)).source_id == "U1"


async def test_a_short_pause_is_waited_for_and_a_long_one_is_told() -> None:
    replies = iter([slow_down(3), {"user": person("U1")}, slow_down(40)])
    desk = desk_with(lambda form: next(replies))

    await ada(desk)
    with pytest.raises(RateLimited) as raised:
        await ada(desk)

    assert desk.waits == [3]
    assert raised.value.retry_after_seconds == 40
    assert desk.metrics.total(Metric.SOURCE_REQUESTS, operation="users.info", outcome="TooManyCalls") == 2


async def test_short_pauses_again_and_again_are_not_waited_for_for_ever() -> None:
    desk = desk_with(lambda form: slow_down(1))

    with pytest.raises(RateLimited):
        await ada(desk)

    assert len(desk.slack.calls) == 3


async def test_ratelimited_without_a_length_is_a_pause_as_well() -> None:
    desk = desk_with("ratelimited")

    with pytest.raises(RateLimited) as raised:
        await ada(desk)

    assert raised.value.retry_after_seconds == DEFAULT_PAUSE_SECONDS


@pytest.mark.parametrize(
    ("reply", "error"),
    [("internal_error", DependencyUnavailable), ("missing_scope", StreamUnreadable), ("a_new_error", RequestRefused)],
)
async def test_a_refusal_is_what_its_word_says(reply: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await ada(desk_with(reply))


async def test_no_answer_at_all_is_for_later() -> None:
    def broken(form: object) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with pytest.raises(DependencyUnavailable):
        await ada(desk_with(broken))


async def test_a_record_is_observed_when_it_was_asked_for_by_the_vendors_clock() -> None:
    desk = desk_with(
        lambda form: httpx2.Response(
            200, content=json.dumps({"ok": True, "user": person("U1")}), headers={"date": "Sat, 21 Nov 2026 12:00:30 GMT"}
        )
    )

    assert (await ada(desk)).observed_at.isoformat() == "2026-11-21T12:00:30+00:00"


async def test_a_token_that_is_replaced_while_we_log_in_is_taken_at_once() -> None:
    desk = desk_with({"user": person("U1")})
    desk.slack.tokens = {"xoxb-2"}
    stored = iter([TOKEN, "xoxb-2"])

    class Replaced(InMemorySecrets):
        @override
        async def read(self, name: str, *, anew: bool = False) -> SecretStr:
            return SecretStr(next(stored))

    desk.secrets = Replaced()
    desk.poller = desk.another()

    assert (await ada(desk)).source_id == "U1"


class Remembering(InMemorySecrets):
    """A vault that remembers what it has said, unless it is asked anew. ``remembered`` is what it has said, ``values`` what is stored."""

    def __init__(self, **remembered: str) -> None:
        super().__init__(remembered)
        self.remembered = dict(remembered)
        self.times_anew = 0

    @override
    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        if anew:
            self.times_anew += 1
            self.remembered[name] = self.values[name]
        return SecretStr(self.remembered[name])


@pytest.mark.parametrize("was_logged_in", [False, True])
async def test_a_token_that_was_replaced_is_taken_however_long_a_vault_remembers_the_one_before(*, was_logged_in: bool) -> None:
    desk = desk_with({"user": person("U1")})
    desk.secrets = secrets = Remembering(slack=TOKEN)
    desk.poller = desk.another()
    if was_logged_in:
        await ada(desk)
    secrets.values["slack"], desk.slack.tokens = "xoxb-2", {"xoxb-2"}

    assert (await ada(desk)).source_id == "U1"
    assert secrets.times_anew == 1


async def test_an_app_level_token_that_is_refused_is_not_called_a_bot_token(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(app_tokens={APP: "xapp-of-long-ago"})

    await desk.poller.accounts_of(desk.connection, "context")

    assert f"invalid_auth: Slack does not accept the app-level token of {APP}: renew it in SLACK_APP_TOKENS" in caplog.text
    assert "bot token" not in caplog.text
