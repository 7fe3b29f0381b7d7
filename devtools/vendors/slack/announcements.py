"""What an app is told of, and what it is told: which of its installations an event reaches, and the envelope around it."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.knobs import Knobs

Shape = Mapping[str, Any] | Callable[[Installation], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing that happened. ``event``: what is told, or how it looks to whom it is told.

    ``subscription`` and ``scope``: what an app needs to hear of it. ``conversation`` or ``team_ids``: where it was. ``actor_team``: the
    workspace of whoever did it. ``is_for_members``: only where the bot is in the conversation, which goes for private ones in any case.
    ``only``: to this installation, whatever it may see.
    """

    event: Shape
    subscription: str
    scope: str | None = None
    conversation: Conversation | None = None
    team_ids: tuple[str, ...] = ()
    actor_team: str | None = None
    is_for_members: bool = False
    only: Installation | None = None
    is_of_enterprise: bool = False

    def reaches(self, installation: Installation) -> bool:
        if self.only is not None:
            return installation is self.only
        if self.scope is not None and not installation.can(self.scope):
            return False
        place = self.conversation
        if place is None:
            return bool(set(self.team_ids) & set(installation.teams))
        if not set(place.team_ids) & set(installation.teams):
            return False
        return installation.bot_user_id in place.members or (place.kind is Kind.PUBLIC and not self.is_for_members)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event for one app: the whole body. ``team_id`` is the installing workspace (of an org-wide one the workspace it was in)."""

    app: App
    team_id: str
    channel: str
    body: dict[str, Any]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = self.body["event"]
        return event

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def event_id(self) -> str:
        return str(self.body["event_id"])


def receivers(app: App, told: Announcement) -> list[Installation]:
    """The installations that it reaches, the first one of which it is delivered for."""
    if told.subscription not in app.events:
        return []
    return [one for one in app.installations if (one.is_active or one is told.only) and told.reaches(one)]


def envelope(
    app: App,
    told: Announcement,
    installation: Installation,
    enterprises: Mapping[str, str | None],
    knobs: Knobs,
    *,
    event_id: str,
    seconds: int,
) -> Outgoing:
    """``enterprises``: of each workspace."""
    event = dict(told.event(installation) if callable(told.event) else told.event)
    place = told.conversation
    where = place.team_ids if place is not None else list(told.team_ids)
    own = next((team for team in where if team in installation.teams), None)
    installed = own or installation.team_id
    outer = installed
    if place is not None and place.is_ext_shared and knobs.outer_team != "installed":
        outer = place.team_id if knobs.outer_team == "host" else told.actor_team or installed
    is_shared = place is not None and place.is_ext_shared
    body: dict[str, Any] = {"token": app.verification_token}
    if not told.is_of_enterprise:
        body["team_id"] = outer
    enterprise = enterprises.get(outer or "", installation.enterprise_id)
    if enterprise is not None or told.is_of_enterprise:
        body["enterprise_id"] = enterprise
    if knobs.has_context_team and not told.is_of_enterprise:
        context = told.actor_team if is_shared and told.actor_team else installed
        body |= {"context_team_id": context, "context_enterprise_id": enterprises.get(context or "")}
    team = installed if not installation.is_org_wide or knobs.org_authorizations_have_team else None
    body |= {"api_app_id": app.app_id, "event": event, "type": "event_callback", "event_id": event_id, "event_time": seconds}
    body |= {"authorizations": [app.authorization(installation, team)], "is_ext_shared_channel": is_shared}
    channel = place.id if place is not None else ""
    if knobs.has_event_context:
        body["event_context"] = sealed(str(event["type"]), outer or installation.place, app.app_id, channel)
    return Outgoing(app, installed or installation.place, channel, body)


def sealed(event_type: str, team_id: str, app_id: str, channel: str) -> str:
    """``event_context``: what ``apps.event.authorizations.list`` is asked with."""
    said = {"et": event_type, "tid": team_id, "aid": app_id} | ({"cid": channel} if channel else {})
    return "4-" + base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")


def opened(event_context: str) -> dict[str, str] | None:
    """What is in it; None, it is not one of ours."""
    series, _, text = event_context.partition("-")
    try:
        said = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    return said if series == "4" and isinstance(said, dict) and {"et", "tid", "aid"} <= set(said) else None
