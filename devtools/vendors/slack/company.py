"""An invented company in a pretend Slack: a workspace with people, channels of several sorts, and an app that is installed there."""

from dataclasses import dataclass
from typing import Final

from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.people import Workspace
from devtools.vendors.slack.pretend import PretendSlack

_NAMES: Final = ("Ada Long", "Bob Stone", "Cleo Marsh", "Dan Field", "Eve Brook", "Finn Reed", "Gina Hill", "Hal Ford")
_CHANNELS: Final = ("sales", "support", "incidents", "hiring", "design", "finance", "platform", "random")


@dataclass(frozen=True, slots=True)
class Company:
    workspace: Workspace
    app: App
    installation: Installation


def found_company(
    world: PretendSlack,
    *,
    users: int = 8,
    channels: int = 12,
    team_id: str | None = None,
    app_id: str | None = None,
    signing_secret: str | None = None,
    bot_token: str | None = None,
) -> Company:
    """No app is told of how it came about. Every third channel is private, and in all but every fourth the app's bot is a member.

    ``#general`` comes on top of ``channels``, with everybody in it.
    """
    workspace = world.add_workspace("Pretend", team_id=team_id)
    people = [world.add_person(workspace.id, _name(number), title="Partner", quietly=True) for number in range(users)]
    app = world.add_app(app_id=app_id, signing_secret=signing_secret)
    installation = world.install(app.app_id, team_id=workspace.id, by=people[0].id, token=bot_token)
    everybody = [person.id for person in people]
    bot = installation.bot_user_id
    world.create(workspace.id, "general", everybody[0], members=[*everybody[1:], bot], is_general=True, quietly=True)
    for number in range(channels):
        by = everybody[number % users]
        members = [*world.rng.sample(everybody, max(1, users // 2)), *([bot] if number % 4 != 3 else [])]
        made = world.create(workspace.id, _channel(number), by, is_private=number % 3 == 2, members=members, quietly=True)
        world.set_purpose(made.id, f"All about {made.name}", quietly=True)
        world.post(made.id, by, f"Welcome to {made.name}.", quietly=True)
    return Company(workspace, app, installation)


def _name(number: int) -> str:
    again = f" {number // len(_NAMES) + 1}" if number >= len(_NAMES) else ""
    return _NAMES[number % len(_NAMES)] + again


def _channel(number: int) -> str:
    again = f"-{number // len(_CHANNELS) + 1}" if number >= len(_CHANNELS) else ""
    return _CHANNELS[number % len(_CHANNELS)] + again
