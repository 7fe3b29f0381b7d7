"""``connections add slack``: what cannot be is said before anything is stored, and in no error there is a token."""

from pathlib import Path

import pytest

from ops.options import parsed
from ops.slack_account import check_account, check_app, check_secret_name
from shared.errors import DependencyUnavailable, PipelineError, TransientError
from tests.unit.ops.slack_desk import TEAM, TOKEN, WHO, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no bot token"),
        ("xoxb-1", "no bot token"),
        (f"{TOKEN}\nmore", "no bot token"),
        ("xoxp-111111111111-s3cretS3cret", "a user's token"),
        ("xapp-1-A0-111111111111-s3cretS3cret", "SLACK_APP_TOKENS"),
        ("xoxe.xoxb-1-s3cretS3cretS3cret", "ends after twelve hours"),
    ],
)
async def test_what_is_no_lasting_bot_token_is_named_as_what_it_is(desk: Desk, text: str, said: str) -> None:
    refused = await desk.add(token=text)
    desk.deployment.secrets.values["kept"] = text
    stored = await desk.add("--secret-name", "kept", token=None)

    for answer in (refused, stored):
        assert (answer.code, said in answer.errors) == (2, True), answer.errors
        assert "s3cret" not in answer.errors
    assert desk.calls == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "missing: --token-file, or --secret-name of a token that is stored, or --no-token"),
        (["--no-token"], "missing: --account"),
        (["--token-file", "none"], "none: cannot be read"),
        (["--no-token", "--account", "C0CHANNEL"], "--account: a workspace's id begins with T, an enterprise's with E"),
        (["--no-token", "--account", TEAM, "--app", "acme"], "--app: an app's id begins with A"),
        (["--no-token", "--account", TEAM, "--secret-name", "a_b"], "--secret-name: a secret's name has letters, digits and hyphens"),
        (["--no-token", "--account", TEAM, "--base-url", "http://slack.com"], "--base-url: not an https address"),
    ],
)
async def test_what_is_missing_or_wrong_is_said(desk: Desk, words: list[str], said: str) -> None:
    refused = await desk.add(*words, token=None)

    assert (refused.code, said in refused.errors) == (2, True), refused.errors
    assert await desk.deployment.connections.of_tenant("acme") == []


async def test_a_secret_that_is_not_there_is_asked_for(desk: Desk) -> None:
    said = await desk.add("--secret-name", "nowhere", token=None)

    assert (said.code, said.errors) == (1, "the secret nowhere cannot be read: put the bot token there, or give --token-file")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"ok": False, "error": "invalid_auth"}, "invalid_auth: Slack does not accept the bot token: install the app again"),
        ({"ok": False, "error": "account_inactive"}, "account_inactive: Slack does not accept the bot token"),
        ({"ok": False, "error": "a_word"}, "Slack auth.test: a_word"),
        ({"ok": False, "error": f"<{TOKEN}>"}, "Slack auth.test: an error of another kind"),
        ({"ok": False}, "Slack auth.test: an error of another kind"),
        ({**WHO, "team_id": None}, "Slack does not say whose the token is"),
        ({**WHO, "is_enterprise_install": True}, "Slack does not say whose the token is"),
    ],
)
async def test_what_slack_refuses_is_said_in_its_own_word(desk: Desk, answer: dict[str, object], said: str) -> None:
    desk.answers["auth.test"] = answer

    refused = await desk.add()

    assert (refused.code, said in refused.errors) == (1, True), refused.errors
    assert (desk.deployment.vault.kept, TOKEN in refused.errors) == ({}, False)


@pytest.mark.parametrize(("status", "error"), [(503, DependencyUnavailable), (429, TransientError)])
async def test_where_slack_does_not_answer_now_nothing_is_stored(desk: Desk, status: int, error: type[PipelineError]) -> None:
    desk.status, desk.answers["auth.test"] = status, {"error": "no answer of Slack's"}

    with pytest.raises(error):
        await desk.add()
    assert desk.deployment.vault.kept == {}


async def test_slack_that_is_behind_itself_is_asked_later(desk: Desk) -> None:
    desk.answers["auth.test"] = {"ok": False, "error": "internal_error"}

    with pytest.raises(DependencyUnavailable):
        await desk.add()


def test_a_token_and_none_are_not_both_given() -> None:
    with pytest.raises(SystemExit):
        parsed(["connections", "add", "slack", "--token-file", "a", "--no-token"])


def test_ids_and_names_are_what_the_vendors_take() -> None:
    assert (check_app(" A0B1 "), check_account("E0B1"), check_secret_name("slack-T0")) == ("A0B1", "E0B1", "slack-T0")
    for check in (check_app, check_account, check_secret_name):
        for wrong in ("", "a0b1!", "Ä0", "A 0", "A0\n1"):
            with pytest.raises(ValueError, match=r"begins with|letters, digits"):
                check(wrong)
