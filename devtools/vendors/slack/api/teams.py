"""``auth.test``, ``auth.teams.list``, ``team.info``, ``api.test`` and ``apps.event.authorizations.list``."""

from typing import Any

from devtools.vendors.slack.announcements import opened
from devtools.vendors.slack.api.asking import Answer, Question, listed
from devtools.vendors.slack.api.refusals import Refused
from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.people import Workspace
from devtools.vendors.slack.pretend import PretendSlack


def auth_test(question: Question) -> Answer:
    """Who the token is. Of an org-wide one the enterprise stands where the workspace does."""
    world, installation = question.world, question.installation
    enterprise = world.enterprises.get(installation.enterprise_id or "")
    name, domain = _name(world, installation)
    said: dict[str, Any] = {"url": f"https://{domain}.slack.example/", "team": name, "user": world.people[installation.bot_user_id].name}
    said |= {"team_id": installation.place, "user_id": installation.bot_user_id, "bot_id": installation.bot_id}
    if enterprise is not None:
        said["enterprise_id"] = enterprise.id
    return Answer(said | {"is_enterprise_install": installation.is_org_wide})


def list_teams(question: Question) -> Answer:
    """The workspaces that the token may look into."""
    page = listed(question, {team: question.world.workspaces[team] for team in question.installation.teams}, question.limit(100))
    rows = [{"id": one.id, "name": one.name} for one in page.rows]
    return Answer({"teams": rows} | page.metadata, len(rows), "teams")


def team_info(question: Question) -> Answer:
    """The workspace of the token, or the one that is named: any that it is granted, or shares a channel with."""
    asked = question.arguments.get("team") or question.arguments.get("team_id") or question.installation.place
    question.call.team = asked
    workspace = question.world.workspaces.get(asked)
    if workspace is None:
        enterprise = question.world.enterprises.get(asked)
        if enterprise is None or question.installation.enterprise_id != asked:
            raise Refused("team_not_found")
        return Answer({"team": {"id": enterprise.id, "name": enterprise.name, "domain": enterprise.domain, "email_domain": ""}})
    if asked not in question.installation.teams and not _shares(question, asked):
        raise Refused("team_access_not_granted" if question.installation.is_org_wide else "team_not_found")
    return Answer({"team": _written(question.world, workspace)})


def authorizations(world: PretendSlack, app: App, event_context: str) -> Answer:
    """For whom an event was delivered besides the one that it names. Raises Refused: it is no event of this app."""
    said = opened(event_context)
    if said is None or said["aid"] != app.app_id:
        raise Refused("invalid_event_context")
    place = world.conversations.get(said.get("cid", ""))
    rows = []
    for one in app.active():
        sees = said["tid"] in one.teams or one.place == said["tid"] if place is None else world.sees(one, place)
        if sees:
            team = next((team for team in place.team_ids if team in one.teams), None) if place is not None else one.team_id
            rows.append(app.authorization(one, team))
    return Answer({"authorizations": rows, "response_metadata": {"next_cursor": ""}}, len(rows), "authorizations")


def _name(world: PretendSlack, installation: Installation) -> tuple[str, str]:
    place: Any = world.workspaces.get(installation.place) or world.enterprises.get(installation.place)
    return place.name, place.domain


def _shares(question: Question, team_id: str) -> bool:
    return any(question.sees(one) for one in question.world.channels(team_id=team_id))


def _written(world: PretendSlack, workspace: Workspace) -> dict[str, Any]:
    said: dict[str, Any] = {"id": workspace.id, "name": workspace.name, "url": f"https://{workspace.domain}.slack.example/"}
    said |= {"domain": workspace.domain, "email_domain": "pretend.example", "icon": {"image_default": True}}
    enterprise = world.enterprises.get(workspace.enterprise_id or "")
    if enterprise is not None:
        said |= {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name, "enterprise_domain": enterprise.domain}
    return said
