"""The pretend Slack and the webhook understand each other: whatever happens there is let in, and is in the table."""

from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest

from devtools.fakes.clock import Clock
from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.pretend import PretendSlack
from devtools.vendors.slack.stories import change_something
from ingestion.sources.slack.webhook import SlackWebhook
from ingestion.sources.source import Caller, WebhookRequest
from tests.unit.ingestion.slack.calls import connection


class Ear:
    """Where the pretend Slack calls: hears everything, and remembers who called and how it was counted."""

    def __init__(self, world: PretendSlack, app: App) -> None:
        self.webhook = SlackWebhook(secrets={app.app_id: (app.signing_secret,)}, limit_bytes=1_000_000, now=world.now)
        self.deliveries = Deliveries(world, send=self.answer)
        self.callers: list[Caller] = []
        self.counted: Counter[tuple[str, str]] = Counter()
        self._now = world.now

    async def answer(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        request = WebhookRequest(body, {name.lower(): value for name, value in headers.items()})
        caller = self.webhook.verify(request)
        self.callers.append(caller)
        if caller.answer is not None:
            return caller.answer.status, {}, caller.answer.body.encode()
        heard = self.webhook.heard(request, connection(), self._now())
        self.counted.update((event.name, event.treatment) for event in heard.events)
        return 200, {}, b""

    @property
    def treatments(self) -> set[str]:
        return {treatment for _, treatment in self.counted}


def a_world() -> PretendSlack:
    return PretendSlack(Random(7), Clock())


def an_installation(world: PretendSlack, team: str) -> tuple[App, Installation]:
    app = world.add_app("shardline", request_url="https://app.example/api/webhooks/slack")
    return app, world.install(app.app_id, team_id=team)


@pytest.mark.parametrize("knobs", [{}, {"membership_has_event_ts": True, "membership_has_channel_type": False, "group_subtypes": False}])
async def test_everything_that_happens_at_the_pretend_slack_is_recognised(knobs: Mapping[str, bool]) -> None:
    world = a_world()
    for name, value in knobs.items():
        setattr(world.knobs, name, value)
    team = world.add_workspace("Acme").id
    app, installation = an_installation(world, team)
    ear = Ear(world, app)
    people = [world.add_person(team, f"Person {number}").id for number in range(4)]
    channels = [world.create(team, f"deals-{n}", people[0], is_private=n % 2 == 1, members=people[:2]).id for n in range(6)]
    for channel in channels:
        world.join(channel, installation.bot_user_id)
    for _ in range(150):
        change_something(world, [channel for channel in channels if channel in world.conversations])
    world.open_direct(team, people[:2])
    world.deactivate(people[1])
    world.uninstall(app.app_id, team)
    await ear.deliveries.deliver_due()

    assert not ear.deliveries.lost
    assert ear.treatments == {"handled", "ignored"}
    assert {caller.handles for caller in ear.callers} == {(f"slack:{app.app_id}:{team}",)}
    assert {"channel_created", "member_joined_channel", "user_change", "app_uninstalled"} <= {name for name, _ in ear.counted}


@pytest.mark.parametrize("outer", ["actor", "host", "installed"])
async def test_of_a_shared_channel_the_other_workspace_is_named_too(outer: str) -> None:
    world = a_world()
    world.knobs.outer_team = outer  # type: ignore[assignment]  # one of its words
    ours, theirs = (world.add_workspace(name).id for name in ("Acme", "Roads"))
    app, _ = an_installation(world, ours)
    world.install(app.app_id, team_id=theirs)
    ear = Ear(world, app)
    runner = world.add_person(theirs, "Runner").id
    channel = world.share(world.create(ours, "deals", world.add_person(ours, "Wile").id).id, theirs).id
    await ear.deliveries.deliver_due()
    ear.callers.clear()

    world.join(channel, runner)
    await ear.deliveries.deliver_due()

    [caller] = ear.callers
    assert caller.handles == (f"slack:{app.app_id}:{ours}",)
    assert caller.others == (f"slack:{app.app_id}:{theirs}",)


async def test_the_app_of_a_whole_organization_is_found_under_the_organization() -> None:
    world = a_world()
    enterprise = world.add_enterprise("Grid").id
    team = world.add_workspace("Acme", enterprise_id=enterprise).id
    app = world.add_app("shardline", request_url="https://app.example/api/webhooks/slack")
    world.install(app.app_id, enterprise_id=enterprise, team_ids=[team])
    ear = Ear(world, app)
    world.create(team, "deals", world.add_person(team, "Wile").id)
    world.revoke_team(app.app_id, enterprise, team)
    await ear.deliveries.deliver_due()

    assert {caller.handles for caller in ear.callers} == {(f"slack:{app.app_id}:{enterprise}",)}
    assert {caller.others for caller in ear.callers} == {()}
    assert ear.treatments == {"handled"}


async def test_the_pretend_slacks_challenge_is_answered() -> None:
    world = a_world()
    app, _ = an_installation(world, world.add_workspace("Acme").id)

    assert await Ear(world, app).deliveries.verify_url(app)


async def test_minutes_that_the_pretend_slack_loses_are_heard_of() -> None:
    clock = Clock()
    world = PretendSlack(Random(7), clock)
    team = world.add_workspace("Acme").id
    app, _ = an_installation(world, team)
    ear = Ear(world, app)
    creator = world.add_person(team, "Wile").id
    ear.deliveries.events_per_hour = 3
    for number in range(6):
        world.create(team, f"deals-{number}", creator)
    await ear.deliveries.deliver_due()
    clock.advance(seconds=60)
    await ear.deliveries.deliver_due()

    assert ear.counted["app_rate_limited", "handled"] == 1
