"""``connections add slack``: whose the token is Slack is asked; what is stored, what is left to do, and that no secret is shown."""

from pathlib import Path

import pytest

from ops.adding import wanted_of
from ops.options import parsed
from ops.slack_account import SCOPES
from shared.errors import ConfigurationError
from shared.streams.defaults import streams_of
from tests.unit.ops.slack_desk import ACME, APP, ENTERPRISE, ORG_WIDE, OTHER_TEAM, REFUSED, TEAM, TOKEN, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_workspace_is_stored_under_the_id_that_slack_says_due_at_once_and_found_by_app_and_workspace(desk: Desk) -> None:
    said = await desk.add()

    assert said.code == 0, said.errors
    connection = await desk.stored()
    assert (connection.id, connection.source, connection.account) == (ACME, "slack", TEAM)
    assert streams_of(connection) == ("User", "Channel")
    assert (connection.poll_seconds, connection.compare_seconds, connection.next_due_at) == (86_400, 86_400, desk.deployment.clock())
    credential = connection.credential
    assert credential is not None
    assert (credential.kind, credential.base_url, credential.client_id) == ("bot-token", "https://slack.com", APP)
    assert desk.deployment.vault.kept == {f"slack-{TEAM}": TOKEN}
    assert credential.secret_name == f"slack-{TEAM}"
    found = await desk.deployment.connections.find(f"slack:{APP}:{TEAM}")
    assert found is not None
    assert found.id == ACME


async def test_it_says_what_is_left_to_do_with_the_lines_to_type(desk: Desk) -> None:
    with_vault = (await desk.add("--json", "--app-url", "https://shardline.example/")).document["next"]
    desk.deployment.vault.takes = False
    without = (await desk.add("--json")).document["next"]

    assert with_vault == [
        f"the secret is the vault's slack-{TEAM}",
        f"let the app know its signing secret, if it does not yet: write {APP}=<signing secret> into a file, then az keyvault secret set"
        " --vault-name <vault> --name slack-signing-secrets --file FILE; and az functionapp config appsettings set --resource-group <group>"
        " --name <app> --settings 'SLACK_SIGNING_SECRETS=@Microsoft.KeyVault(VaultName=<vault>;SecretName=slack-signing-secrets)'",
        f"api.slack.com/apps → {APP} → Event Subscriptions → Request URL: https://shardline.example/api/webhooks/slack,"
        " until it says Verified",
        "invite its bot to the private channels that shall be found (/invite in each): others it does not see",
        f"the next poll starts the first back-fill: python -m ops completeness {ACME} --watch",
    ]
    assert without[0] == f"put the bot token into the setting of slack-{TEAM}: it is stored nowhere yet"
    assert f"--settings 'SLACK_SIGNING_SECRETS={APP}=<signing secret>'" in without[1]


async def test_what_it_comes_to_is_shown_and_no_secret_ever(desk: Desk) -> None:
    for extra in ([], ["--json"], ["--dry-run"]):
        said = await desk.add(*extra)
        assert said.code == 0
        assert "Acme Inc" in said.out
        assert "s3cret" not in said.out + said.errors
    assert desk.tokens == {f"Bearer {TOKEN}"}


async def test_the_name_is_that_of_auth_test_where_team_info_may_not_be_asked(desk: Desk) -> None:
    desk.answers["team.info"] = REFUSED

    assert (await desk.add("--json")).document["name"] == "acme"


async def test_it_logs_in_at_once_with_the_token_at_hand_and_says_which_stream_cannot_be_read(desk: Desk) -> None:
    said = await desk.add("--json")
    desk.streams.error = ConfigurationError("the token was revoked")
    failed = await desk.add("--json")

    assert [one.id for one in desk.streams.asked] == [ACME, ACME]
    assert desk.streams.known == {f"slack-{TEAM}": TOKEN}
    assert [check["stream"] for check in said.document["checks"]] == ["User", "Channel"]
    assert (failed.code, failed.document["failure"]) == (1, "the token was revoked")
    assert f"python -m ops connections test {ACME}" in failed.document["next"]


async def test_missing_scopes_are_named_with_what_each_is_for(desk: Desk) -> None:
    desk.scopes = "channels:read, groups:read,users:read,team:read,chat:write"

    document = (await desk.add("--json")).document

    assert document["missingScopes"] == ["users:read.email", "channels:history", "groups:history"]
    [step] = [step for step in document["next"] if step.startswith("give the app the scopes it lacks")]
    assert all(f"{scope} ({SCOPES[scope]})" in step for scope in document["missingScopes"])


async def test_where_slack_does_not_say_what_was_granted_nothing_is_missed(desk: Desk) -> None:
    desk.scopes = None

    assert (await desk.add("--json")).document["missingScopes"] == []


async def test_an_org_wide_installation_is_the_enterprises_and_its_workspaces_are_shown(desk: Desk) -> None:
    desk.answers["auth.test"] = ORG_WIDE

    said = await desk.add("--json")

    assert (said.document["id"], said.document["workspaces"]) == (f"slack:{ENTERPRISE}", ["Acme", "Sales"])
    assert ("users.info", {"user": "U0BOT"}) in desk.calls
    assert (await desk.deployment.connections.find(f"slack:{APP}:{ENTERPRISE}")) is not None


async def test_a_workspace_of_an_organization_leads_to_it_for_lost_minutes_alone(desk: Desk) -> None:
    await desk.add()  # the workspace by itself
    desk.answers["auth.test"] = ORG_WIDE

    assert (await desk.add()).code == 0

    organization = f"slack:{ENTERPRISE}"
    expected = {TEAM: ACME, OTHER_TEAM: None, f"in:{TEAM}": organization, f"in:{OTHER_TEAM}": organization}
    found = {name: await desk.deployment.connections.find(f"slack:{APP}:{name}") for name in expected}
    assert {name: one and one.id for name, one in found.items()} == expected


async def test_a_workspace_of_an_enterprise_is_itself(desk: Desk) -> None:
    desk.answers["auth.test"] = {**desk.answers["auth.test"], "enterprise_id": ENTERPRISE}

    assert (await desk.add("--json")).document["id"] == ACME


async def test_another_apps_token_is_refused_whoever_names_the_app(desk: Desk) -> None:
    desk.answers["users.info"] = {"ok": True, "user": {"profile": {"api_app_id": "A0OTHER"}}}
    by_bot = await desk.add()
    desk.answers["auth.test"] = {**desk.answers["auth.test"], "app_id": "A0THIRD"}
    by_test = await desk.add()

    assert (by_bot.code, by_bot.errors) == (1, f"the token is the app A0OTHER's, and not {APP}'s: take the one of that app")
    assert by_test.errors.startswith("the token is the app A0THIRD's")
    assert await desk.deployment.connections.of_tenant("acme") == []
    assert desk.deployment.vault.kept == {}


async def test_where_slack_does_not_say_whose_the_bot_is_the_operators_word_counts(desk: Desk) -> None:
    desk.answers["users.info"] = REFUSED

    assert (await desk.add()).code == 0


async def test_another_accounts_token_is_refused(desk: Desk) -> None:
    said = await desk.add("--account", "T0OTHER")

    assert (said.code, said.errors) == (1, f"the token opens {TEAM}, and not T0OTHER: take the one that was given there")
    assert desk.deployment.vault.kept == {}


async def test_adding_it_again_changes_nothing_but_what_is_said(desk: Desk) -> None:
    await desk.add()
    first = await desk.stored()
    kept = first.model_copy(update={"poll_seconds": 3600, "paused_by": "operator", "status": "paused", "next_due_at": None})
    await desk.deployment.connections.replace(kept)

    await desk.add()
    again = await desk.stored()

    assert (again.model_copy(update={"etag": None})) == kept.model_copy(update={"etag": None})


async def test_a_token_that_is_stored_already_is_looked_at_and_not_stored_again(desk: Desk) -> None:
    await desk.add()
    desk.deployment.vault.kept.clear()
    desk.deployment.secrets.values[f"slack-{TEAM}"] = TOKEN

    by_account = await desk.add("--account", TEAM, app=None, token=None)
    by_name = await desk.add("--secret-name", f"slack-{TEAM}", token=None)

    assert (by_account.code, by_name.code, desk.deployment.vault.kept) == (0, 0, {})


async def test_without_a_token_nothing_is_polled_and_that_is_said(desk: Desk) -> None:
    said = await desk.add("--no-token", "--account", TEAM, "--json", token=None)
    shown = await desk.deployment.run("completeness", ACME)

    connection = await desk.stored()
    assert (said.code, desk.calls, desk.streams.asked) == (0, [], [])
    assert (connection.credential, connection.next_due_at) == (None, None)
    assert said.document["next"][-1] == "nothing is polled: what Slack does not tell is never found. With --token-file it would be"
    assert not any("back-fill" in step for step in said.document["next"])
    assert shown.out.splitlines()[-2:] == [
        "not polled: it has no credential, its vendor only calls us, and what a call did not say nobody can know",
        f"{ACME}: not known to be complete (User, Channel never compared)",
    ]


async def test_a_token_taken_away_ends_the_pause_that_it_was_the_reason_of(desk: Desk) -> None:
    await desk.add()
    paused = (await desk.stored()).model_copy(update={"status": "paused", "paused_by": "app", "paused_reason": "the token was revoked"})
    await desk.deployment.connections.replace(paused)

    await desk.add("--no-token", "--account", TEAM, token=None)

    assert ((await desk.stored()).status, (await desk.stored()).paused_reason) == ("active", None)


async def test_without_a_test_slack_is_not_asked(desk: Desk) -> None:
    said = await desk.add("--no-test", "--account", TEAM)

    assert (said.code, desk.calls, (await desk.stored()).id) == (0, [], ACME)


async def test_another_tenants_workspace_cannot_be_added(desk: Desk) -> None:
    await desk.add()

    said = await desk.add(tenant="globex")

    assert (said.code, said.errors) == (1, f"{ACME} is connected by another tenant")


async def test_somebody_at_a_terminal_is_asked_for_everything(desk: Desk) -> None:
    files = iter([desk.file("xoxp-1-2", "users"), desk.file()])
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return next(files) if "file" in question else APP if "app" in question else "acme"

    wanted = await wanted_of(parsed(["connections", "add", "slack"]), desk.deployment.ports, ask=ask)

    assert (wanted.connection.id, wanted.handles) == (ACME, (f"slack:{APP}:{TEAM}",))
    assert "a user's token" in asked[-1]


async def test_somebody_at_a_terminal_may_go_without_a_token(desk: Desk) -> None:
    typed = {"the tenant's id": "acme", "the Slack app's id": APP, "the file of the bot token": "", "the workspace's id": TEAM}

    def ask(question: str) -> str:
        return next(answer for beginning, answer in typed.items() if question.startswith(beginning))

    wanted = await wanted_of(parsed(["connections", "add", "slack"]), desk.deployment.ports, ask=ask)

    assert (wanted.connection.id, wanted.connection.credential) == (ACME, None)
