"""What the tests of the pretend Slack share: a workspace, three people, an app, a clock moved by hand, and Slack's own SDK for Python."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.people import Person, Workspace
from devtools.vendors.slack.pretend import PretendSlack

NOON: Final = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)


@dataclass
class Clock:
    """Says what it is told to."""

    moment: datetime = NOON

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **said: float) -> None:
        self.moment += timedelta(**said)


@dataclass
class Place:
    """A workspace with Ada, Bob and Cleo in it, and an app that is installed there."""

    world: PretendSlack
    clock: Clock
    team: Workspace
    ada: Person
    bob: Person
    cleo: Person
    app: App
    bot: Installation

    def channel(self, name: str = "sales", *, with_bot: bool = True, **said: Any) -> Conversation:
        """Of Ada's, that no app is told of."""
        members = [self.bot.bot_user_id] if with_bot else []
        return self.world.create(self.team.id, name, self.ada.id, members=members, quietly=True, **said)


@dataclass
class World(Place):
    """The same behind its Web API. ``client`` is Slack's own, with the bot's token; ``http`` has no opinions, and no token."""

    slack: SlackService
    client: AsyncWebClient
    http: aiohttp.ClientSession

    def client_of(self, token: str) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=self.slack.api_url, session=self.http)

    async def asked(self, method: str, **said: Any) -> dict[str, Any]:
        """The body of the answer, good or not."""
        async with self.http.post(
            f"{self.slack.api_url}{method}", data=said, headers={"Authorization": f"Bearer {self.bot.token}"}
        ) as answer:
            body: dict[str, Any] = await answer.json()
            return body


def place() -> Place:
    clock = Clock()
    world = PretendSlack(Random(4), clock)
    team = world.add_workspace("Pretend")
    ada, bob, cleo = (world.add_person(team.id, name, quietly=True) for name in ("Ada Long", "Bob Stone", "Cleo Marsh"))
    app = world.add_app(request_url="http://127.0.0.1:9/events")
    return Place(world, clock, team, ada, bob, cleo, app, world.install(app.app_id, team_id=team.id, by=ada.id))


@asynccontextmanager
async def pretending(prepare: Callable[[SlackService], None] | None = None, *, delivers: bool = False) -> AsyncIterator[World]:
    """``prepare``: before it is started."""
    here = place()
    slack = SlackService(here.world, delivers=delivers)
    if prepare is not None:
        prepare(slack)
    async with slack, aiohttp.ClientSession() as http:
        client = AsyncWebClient(token=here.bot.token, base_url=slack.api_url, session=http)
        yield World(**vars(here), slack=slack, client=client, http=http)


async def refused(asking: Any) -> tuple[str, int, str | None]:
    """Error, status and ``Retry-After`` of what Slack's SDK was refused."""
    try:
        await asking
    except SlackApiError as error:
        return error.response["error"], error.response.status_code, error.response.headers.get("Retry-After")
    raise AssertionError("it was answered")
