"""A pretend Slack in this very process, whose events are sent by ``benchmarks/volley.py``, or by itself: an app in some workspaces.

Where its bot is in no channel each change is one event, without the message that Slack writes into a channel besides.
"""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final

from azure.cosmos.aio import CosmosClient

from devtools.local.run import DATABASE, Run
from devtools.vendors.slack.announcements import Outgoing
from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.pretend import PretendSlack
from devtools.vendors.slack.shipping import Parcel
from devtools.vendors.slack.signing import signed_headers
from devtools.vendors.slack.stories import change_something
from ingestion.sources.slack.envelope import handle_of
from shared.connections.connection import Connection, Credential, connection_id
from shared.settings import SlackSettings, secret_variable
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount

PATH: Final = "/api/webhooks/slack"
PEOPLE: Final = 40
MEMBERS: Final = 5
A_DAY: Final = 86_400


@dataclass(frozen=True)
class Workspace:
    """One that has installed the app. ``channels`` and ``people`` are ids."""

    team_id: str
    installation: Installation
    channels: Sequence[str]
    people: Sequence[str]

    @property
    def secret_name(self) -> str:
        return f"slack-{self.team_id.lower()}"


class SlackBeside:
    """``channels``: how many each of its workspaces has; in those of the ones in ``joined``, by number, is the app's bot."""

    def __init__(self, *channels: int, joined: Collection[int] = ()) -> None:
        self.world = PretendSlack(Random(secrets.randbits(64)), lambda: datetime.now(UTC))
        self.app: App = self.world.add_app("shardline")
        self.workspaces = [self._workspace(number, count, is_joined=number in joined) for number, count in enumerate(channels)]

    def settings(self, url: str) -> dict[str, str]:
        """The app's. ``url``: where Slack is asked."""
        tokens = {secret_variable(one.secret_name): one.installation.token for one in self.workspaces}
        return {
            "SLACK_SIGNING_SECRETS": f"{self.app.app_id}={self.app.signing_secret}",
            "SLACK_API_BASE_URL": url,
            "SLACK_WINDOW_SECONDS": str(SlackSettings().window_seconds),  # a deployment's, and not the one of local.settings.json
            **tokens,
        }

    async def connect(self, run: Run, url: str) -> None:
        """Let the run's tenant connect every workspace; none of them is ever polled."""
        account = CosmosAccount(lambda: CosmosClient.from_connection_string(run.cosmos), database=DATABASE)
        try:
            for one in self.workspaces:
                credential = Credential(kind="bot-token", base_url=url, client_id=self.app.app_id, secret_name=one.secret_name)
                connection = Connection(
                    id=connection_id("slack", one.team_id),
                    tenant_id=run.tenant_id,
                    source="slack",
                    account=one.team_id,
                    credential=credential,
                    poll_seconds=A_DAY,
                    created_at=datetime.now(UTC),
                    next_due_at=None,
                )
                await CosmosConnections(account).add(connection, handles=(handle_of(self.app.app_id, one.team_id),))
        finally:
            await account.close()

    @property
    def calm(self) -> Workspace:
        """The first."""
        return self.workspaces[0]

    @contextmanager
    def told(self) -> Iterator[list[Outgoing]]:
        """The events of what happens in the block, in a list that grows."""
        told: list[Outgoing] = []
        self.world.listeners.append(told.append)
        try:
            yield told
        finally:
            self.world.listeners.remove(told.append)

    def apart(self, channels: Sequence[str]) -> list[bytes]:
        """The bodies of one event for each channel: names, archiving, and people who come."""
        person = self.world.add_person(self.calm.team_id, f"Grace {len(self.world.people)}", quietly=True).id
        with self.told() as told:
            for number, channel in enumerate(channels):
                match number % 4:
                    case 0:
                        self.world.archive(channel)
                    case 1:
                        self.world.join(channel, person)
                    case _:
                        self.world.rename(channel, f"renamed-{channel.lower()}")
        return [Parcel.of(one).body for one in told]

    def burst(self, channels: Sequence[str], count: int, *, duplicates: float) -> list[bytes]:
        """The bodies of ``count`` events of mixed changes, of which a share is told once more, under another id."""
        bodies: list[bytes] = []
        with self.told() as told:
            while len(bodies) < count:
                change_something(self.world, channels)
                for one in told:
                    bodies.append(Parcel.of(one).body)
                    if self.world.rng.random() < duplicates:
                        bodies.append(Parcel.of(one, event_id=f"Ev{len(bodies):09}").body)
                told.clear()
        return bodies[:count]

    def come_or_go(self, channel: str, person: str) -> None:
        """Somebody joins a channel, or leaves it."""
        is_in = person in self.world.channel(channel).members
        (self.world.leave if is_in else self.world.join)(channel, person)

    def requests(self, bodies: Sequence[bytes], port: int) -> list[bytes]:
        """Whole HTTP requests, as Slack sends them, signed at this moment."""
        at = int(datetime.now(UTC).timestamp())
        return [self._request(body, port, at) for body in bodies]

    def _request(self, body: bytes, port: int, at: int) -> bytes:
        said = {"Host": f"127.0.0.1:{port}", **signed_headers(self.app.signing_secret, at, body), "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        return f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def _workspace(self, number: int, channels: int, *, is_joined: bool) -> Workspace:
        team_id = self.world.add_workspace(f"Pretend {number}").id
        installation = self.world.install(self.app.app_id, team_id=team_id)
        people = [self.world.add_person(team_id, f"Ada {each}", quietly=True).id for each in range(PEOPLE)]
        bots = (installation.bot_user_id,) if is_joined else ()
        made = self.world.populate(channels=channels, members_per_channel=MEMBERS, team_id=team_id, bots=bots)
        return Workspace(team_id, installation, list(made), people)
