"""``connections add slack`` against a pretend Slack over loopback: once as a process of its own over the stand-ins, else in this one."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from devtools.emulators.cosmos.server import Cosmos
from devtools.emulators.servicebus.broker import Broker
from devtools.fakes.connections import InMemorySecrets
from devtools.fakes.metrics import InMemoryMetrics
from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.apps import READING, Installation
from devtools.vendors.slack.pretend import PretendSlack
from ingestion.sources.polled import pollers
from ingestion.sources.source import Poller
from ops.ports import KnownSecrets
from ops.slack_account import SCOPES
from shared.contracts.message import timestamp
from shared.http.client import http_client
from shared.settings import Settings
from shared.streams.state import ACCOUNT
from tests.integration.ops.test_command_line import ops, settings_file
from tests.unit.ops.deployment import Deployment, Said

pytestmark = pytest.mark.integration

NEEDED = {
    **dict.fromkeys(("SERVICE_BUS", "COSMOS", "BLOB", "AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"), "x"),
    "EMBEDDING_OFFLINE": "1",
}


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Workspace:
    """A pretend Slack with one workspace and one app in it, and an operator's files."""

    service: SlackService
    team_id: str
    installation: Installation
    folder: Path
    deployment: Deployment
    secrets: dict[str, str]
    """What the deployment keeps."""

    @property
    def world(self) -> PretendSlack:
        return self.service.world

    def words(self, *words: str, token: str | None = None, app: str | None = None, tenant_id: str = "acme") -> list[str]:
        file = self.folder / "token"
        file.write_text(f"{token or self.installation.token}\n")
        said = ("--tenant", tenant_id, "--app", app or self.installation.app_id, "--base-url", self.service.url)
        return ["connections", "add", "slack", *said, "--token-file", str(file), "--json", *words]

    async def add(self, *words: str, token: str | None = None, app: str | None = None) -> Said:
        return await self.deployment.run(*self.words(*words, token=token, app=app))


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    world = PretendSlack(Random(uuid4().int), now)
    team = world.add_workspace("Acme Inc")
    app = world.add_app("shardline")
    installation = world.install(app.app_id, team_id=team.id, scopes=SCOPES)
    deployment, kept = Deployment(), InMemorySecrets()
    async with (
        SlackService(world) as service,
        http_client(transport=httpx2.AsyncHTTPTransport(verify=False)) as http,  # nothing here is TLS
    ):
        settings = Settings.from_environ({**NEEDED, "SLACK_API_BASE_URL": service.url})

        def made(*, known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
            secrets = KnownSecrets(known, kept)
            ports = deployment.ports
            return pollers(
                settings, http=http, secrets=secrets, states=ports.states, index=ports.index(), metrics=InMemoryMetrics(), now=now
            )

        deployment.ports = replace(deployment.ports, pollers=made, http=lambda: http)
        yield Workspace(service, team.id, installation, tmp_path, deployment, kept.values)


async def test_the_whole_command_line_connects_a_workspace(workspace: Workspace, cosmos: Cosmos, broker: Broker, tenant_id: str) -> None:
    base_url = {"SLACK_API_BASE_URL": workspace.service.url}
    settings = settings_file(workspace.folder, broker.connection_string, cosmos.connection_string, base_url)

    said = await ops(*workspace.words(tenant_id=tenant_id), "--settings", str(settings))

    assert (said.code, said.errors) == (0, ""), said.out
    assert (said.document["id"], said.document["name"]) == (f"slack:{workspace.team_id}", "Acme Inc")
    assert [(check["stream"], check["isReadable"]) for check in said.document["checks"]] == [("User", True), ("Channel", True)]
    assert said.document["next"][0].startswith(f"put the bot token into the setting SECRET_SLACK_{workspace.team_id.upper()}")
    assert workspace.installation.token not in said.out + said.errors


async def test_an_organization_is_connected_with_the_workspaces_it_was_added_to(workspace: Workspace) -> None:
    world = workspace.world
    enterprise = world.add_enterprise("Acme Org")
    teams = [world.add_workspace(name, enterprise_id=enterprise.id).id for name in ("Sales", "Support", "Labs")]
    installation = world.install(workspace.installation.app_id, enterprise_id=enterprise.id, team_ids=teams[:2], scopes=SCOPES)

    said = await workspace.add(token=installation.token)

    assert said.code == 0, said.out + said.errors
    assert (said.document["id"], said.document["workspaces"]) == (f"slack:{enterprise.id}", ["Sales", "Support"])


async def test_missing_scopes_are_named_and_a_stream_that_cannot_be_read_fails_the_command(workspace: Workspace) -> None:
    workspace.installation.scopes -= {"users:read.email", "channels:history"}
    without_addresses = await workspace.add()
    workspace.installation.scopes -= {"users:read"}
    without_people = await workspace.add()

    assert (without_addresses.code, without_addresses.document["missingScopes"]) == (0, ["users:read.email", "channels:history"])
    assert (without_people.code, [one["stream"] for one in without_people.document["checks"] if not one["isReadable"]]) == (1, ["User"])


async def test_what_the_app_may_do_besides_is_no_fault(workspace: Workspace) -> None:
    workspace.installation.scopes |= set(READING)

    assert (await workspace.add()).document["missingScopes"] == []


async def test_another_apps_and_another_accounts_token_are_refused(workspace: Workspace) -> None:
    world = workspace.world
    other = world.add_app("other")
    token = world.install(other.app_id, team_id=workspace.team_id, scopes=SCOPES).token

    of_an_app = await workspace.add(token=token)
    of_an_account = await workspace.add("--account", "T0OTHER")

    assert (of_an_app.code, f"the token is the app {other.app_id}'s" in of_an_app.errors) == (1, True)
    assert (of_an_account.code, f"the token opens {workspace.team_id}" in of_an_account.errors) == (1, True)
    assert await workspace.deployment.connections.of_tenant("acme") == []


async def test_a_token_that_was_revoked_is_refused_in_words_that_say_what_to_do(workspace: Workspace) -> None:
    workspace.world.revoke_token(workspace.installation.app_id, workspace.team_id)

    said = await workspace.add()

    assert (said.code, "Slack does not accept the bot token: install the app again" in said.errors) == (1, True)


async def test_a_method_that_slack_makes_slow_is_shown(workspace: Workspace) -> None:
    await workspace.add()
    slow = {"methods": {"conversations.members": {"slowUntil": timestamp(now() + timedelta(minutes=30))}}}
    await workspace.deployment.keep(ACCOUNT, "account", cursor=slow)
    workspace.secrets[f"slack-{workspace.team_id}"] = workspace.installation.token

    said = await workspace.deployment.run("connections", "test", f"slack:{workspace.team_id}")

    assert said.code == 0, said.errors
    assert "Slack lets conversations.members be called once a minute only" in " ".join(said.out.split())
