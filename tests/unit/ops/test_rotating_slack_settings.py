"""Slack's signing secret and app-level token are replaced while Slack goes on calling: both are accepted until the old one is gone."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from devtools.fakes.samples import sample_connection
from ingestion.sources.slack.webhook import SlackWebhook
from ingestion.sources.source import WebhookRequest
from ops.options import parsed
from ops.ports import KnownSecrets
from ops.refusals import Refused
from ops.rotation import slack_settings
from ops.runs import connection_called
from shared.connections.connection import Credential
from shared.errors import SignatureMismatch
from shared.settings import SlackSettings
from tests.unit.ingestion.slack.calls import signed
from tests.unit.ops.deployment import Deployment, Said

APP, TEAM, ID = "A0SHARDLINE", "T0ACME", "slack:T0ACME"
OLD, NEW, OTHER = "0" * 32, "1" * 32, "2" * 32
OLD_TOKEN, NEW_TOKEN = "xapp-1-A0-111111111-0000", "xapp-1-A0-111111111-1111"
SECRETS, TOKENS = "slack-signing-secrets", "slack-app-tokens"
APP_URL = "https://shardline.example"


class Desk:
    """An operator, the deployment's vault and app, and Slack."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.deployment = folder, Deployment()
        self.vault = self.deployment.vault
        self.vault.kept |= {SECRETS: f"A0OTHER={OTHER},{APP}={OLD}", TOKENS: f"{APP}={OLD_TOKEN}"}
        self.read_by_the_app = self.vault.kept[SECRETS]
        self.tokens = {OLD_TOKEN, NEW_TOKEN}
        self.deployment.vendors = httpx2.MockTransport(self._answer)
        self.deployment.ports = replace(
            self.deployment.ports,
            secrets=lambda: KnownSecrets({name: SecretStr(text) for name, text in self.vault.kept.items()}, self.deployment.secrets),
        )

    async def connect(self) -> "Desk":
        credential = Credential(kind="bot-token", base_url="https://slack.com", client_id=APP, secret_name="acme")
        made = sample_connection("acme", TEAM).model_copy(update={"id": ID, "source": "slack", "credential": credential})
        await self.deployment.connections.add(made)
        return self

    def app_reads(self) -> None:
        """Somebody has made the app read its setting."""
        self.read_by_the_app = self.vault.kept[SECRETS]

    def accepts(self, secret: str) -> bool:
        """Whether a call of Slack's with this signature comes in."""
        return self._verified(signed(CALL, secret=secret, at=int(self.deployment.clock().timestamp()))) is not None

    async def rotates(self, *words: str, file: str | None = None, option: str = "--signing-secret-file") -> Said:
        named = [] if file is None else [option, self.file(file)]
        return await self.deployment.run("connections", "rotate", ID, *named, *words)

    def file(self, text: str) -> str:
        path = self.folder / "secret"
        path.write_text(text + "\n")
        return str(path)

    def _verified(self, request: WebhookRequest) -> str | None:
        secrets = SlackSettings(signing_secrets=SecretStr(self.read_by_the_app)).secrets_of_apps
        try:
            caller = SlackWebhook(secrets=secrets, limit_bytes=1024, now=self.deployment.clock).verify(request)
        except SignatureMismatch:
            return None
        return "" if caller.answer is None else caller.answer.body.decode() if isinstance(caller.answer.body, bytes) else caller.answer.body

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "slack.com":
            is_known = request.headers["authorization"].removeprefix("Bearer ") in self.tokens
            return httpx2.Response(200, json={"ok": True} if is_known else {"ok": False, "error": "invalid_auth"})
        assert str(request.url) == f"{APP_URL}/api/webhooks/slack"
        answer = self._verified(WebhookRequest(request.content, dict(request.headers)))
        return httpx2.Response(401) if answer is None else httpx2.Response(200, text=answer)


ENVELOPE: Mapping[str, Any] = {"type": "url_verification", "token": "t", "challenge": "a-challenge", "api_app_id": APP}
CALL = json.dumps(ENVELOPE).encode()


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    return await Desk(tmp_path).connect()


async def test_no_call_is_refused_while_the_signing_secret_is_replaced(desk: Desk) -> None:
    assert desk.accepts(OLD)
    added = await desk.rotates(file=NEW)
    assert desk.accepts(OLD)
    desk.app_reads()
    during = [desk.accepts(OLD), desk.accepts(NEW)]
    looked = await desk.rotates("--app-url", APP_URL, "--json", file=NEW)
    finished = await desk.rotates("--finish", "--app-url", APP_URL)
    still = [desk.accepts(OLD), desk.accepts(NEW)]
    desk.app_reads()

    assert (added.code, looked.code, finished.code) == (0, 0, 0)
    assert (during, still, [desk.accepts(OLD), desk.accepts(NEW)]) == ([True, True], [True, True], [False, True])
    assert looked.document["accepted"] == ["old: yes", "new: yes"]
    assert desk.vault.kept[SECRETS] == f"A0OTHER={OTHER},{APP}={NEW}"


async def test_both_pairs_are_kept_and_other_apps_are_left_alone(desk: Desk) -> None:
    said = await desk.rotates(file=NEW)

    assert desk.vault.kept[SECRETS] == f"A0OTHER={OTHER},{APP}={OLD},{APP}={NEW}"
    assert "appsettings/refresh" in said.out
    assert [secret for secret in (OLD, NEW, OTHER) if secret in said.out + said.errors] == []


async def test_an_app_that_has_not_read_it_yet_is_told_of_and_nothing_is_taken_away(desk: Desk) -> None:
    await desk.rotates(file=NEW)
    before = desk.vault.kept[SECRETS]

    looked = await desk.rotates("--app-url", APP_URL, "--json", file=NEW)
    finished = await desk.rotates("--finish", "--app-url", APP_URL)

    assert (looked.code, looked.document["accepted"]) == (1, ["old: yes", "new: NO"])
    assert (finished.code, "does not accept the new one yet" in finished.errors) == (1, True)
    assert desk.vault.kept[SECRETS] == before


async def test_the_old_one_is_not_taken_away_unasked(desk: Desk) -> None:
    await desk.rotates(file=NEW)

    assert (await desk.rotates("--finish")).code == 1
    assert (await desk.rotates("--finish", "--yes", "--dry-run")).code == 0
    assert OLD in desk.vault.kept[SECRETS]
    assert (await desk.rotates("--finish", "--yes")).code == 0
    assert OLD not in desk.vault.kept[SECRETS]


async def test_a_third_one_has_to_wait(desk: Desk) -> None:
    await desk.rotates(file=NEW)

    said = await desk.rotates(file="3" * 32)

    assert (said.code, "--finish first" in said.errors) == (1, True)


async def test_an_app_level_token_is_tried_at_slacks_and_the_last_one_counts(desk: Desk) -> None:
    said = await desk.rotates(file=NEW_TOKEN, option="--app-token-file")
    during = SlackSettings(app_tokens=SecretStr(desk.vault.kept[TOKENS])).tokens_of_apps[APP]
    finished = await desk.rotates("--finish", file=NEW_TOKEN, option="--app-token-file")

    assert (said.code, finished.code, during) == (0, 0, NEW_TOKEN)
    assert desk.vault.kept[TOKENS] == f"{APP}={NEW_TOKEN}"


@pytest.mark.parametrize("is_finishing", [False, True])
async def test_what_another_operator_wrote_meanwhile_is_not_written_over(desk: Desk, is_finishing: bool) -> None:
    connection = await connection_called(ID, desk.deployment.connections)
    if is_finishing:
        await desk.rotates(file=NEW)
    theirs = f"{desk.vault.kept[SECRETS]},A0THIRD={'3' * 32}"

    def thinks(_question: str) -> None:
        desk.vault.kept[SECRETS] = theirs

    words = ["--finish", "--yes"] if is_finishing else ["--signing-secret-file", desk.file(NEW)]
    act = slack_settings.finish if is_finishing else slack_settings.add
    with pytest.raises(Refused, match="somebody else has changed the pairs"):
        await act(parsed(["connections", "rotate", ID, *words]), connection, desk.deployment.ports, thinks)

    assert desk.vault.kept[SECRETS] == theirs


async def test_only_the_newest_can_be_finished_with(desk: Desk) -> None:
    await desk.rotates(file=NEW)
    before = desk.vault.kept[SECRETS]

    said = await desk.rotates("--finish", "--yes", file=OLD)

    assert (said.code, "is not the newest" in said.errors, desk.vault.kept[SECRETS]) == (1, True, before)


async def test_an_app_level_token_that_slack_refuses_changes_nothing(desk: Desk) -> None:
    desk.tokens.remove(NEW_TOKEN)

    said = await desk.rotates(file=NEW_TOKEN, option="--app-token-file")

    assert (said.code, desk.vault.kept[TOKENS]) == (1, f"{APP}={OLD_TOKEN}")
    assert NEW_TOKEN not in said.out + said.errors


async def test_without_a_vault_the_steps_are_shown_and_no_secret(desk: Desk) -> None:
    desk.vault.takes = False

    said = await desk.rotates(file=NEW)

    assert (said.code, f"{APP}=<old>,{APP}=<new>" in said.out, NEW in said.out) == (0, True, False)
    assert said.out.count("'SLACK_SIGNING_SECRETS=<the pairs of all other apps, as they are>,") == 2


@pytest.mark.parametrize("text", ["", "xoxb-1-2", "no secret at all"])
async def test_what_is_no_signing_secret_is_misuse(desk: Desk, text: str) -> None:
    assert (await desk.rotates(file=text)).code == 2
