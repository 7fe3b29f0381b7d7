"""The invented workspace of a run in Slack: how the process that is it is started, and the connection of its tenant."""

import zlib
from datetime import UTC, datetime
from random import Random
from typing import Final

from devtools.local.run import SLACK_APP, SLACK_SECRET_NAME, SLACK_SIGNING_SECRET, SLACK_TOKEN, Run
from devtools.vendors.slack import ids
from ingestion.sources.slack.envelope import handle_of
from shared.connections.connection import Connection, Credential, connection_id
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount

PEOPLE: Final = 3
"""Beside the guest of the first run, and the app's bot."""
CHANNELS: Final = 2
"""Beside ``#general``, and those of the first run."""
EVERY_DAY: Final = 86_400
BASE_URL: Final = "https://slack.com"


def new_team(rng: Random) -> str:
    """Nobody's, and no earlier run's: a connection that an earlier run left is not let in."""
    return ids.random_id(ids.WORKSPACE, rng)


def arguments(run: Run) -> tuple[str, ...]:
    """What its process is told: the same people and channels whenever it is started."""
    who = ("--team-id", run.team_id, "--seed", str(zlib.crc32(run.team_id.encode())), "--users", str(PEOPLE), "--channels", str(CHANNELS))
    app = ("--app-id", SLACK_APP, "--signing-secret", SLACK_SIGNING_SECRET, "--bot-token", SLACK_TOKEN)
    return (*who, *app, "--request-url", run.slack_webhook_url)


async def connect(run: Run, account: CosmosAccount, *, due_at: datetime | None = None) -> None:
    """Let the run's workspace be connected by the run's tenant; it is polled from ``due_at`` on, if ever."""
    connection = Connection(
        id=connection_id("slack", run.team_id),
        tenant_id=run.tenant_id,
        source="slack",
        account=run.team_id,
        credential=Credential(kind="bot-token", base_url=BASE_URL, client_id=SLACK_APP, secret_name=SLACK_SECRET_NAME),
        poll_seconds=EVERY_DAY,
        compare_seconds=EVERY_DAY,
        created_at=datetime.now(UTC),
        next_due_at=due_at,
    )
    await CosmosConnections(account).add(connection, handles=(handle_of(SLACK_APP, run.team_id),))
