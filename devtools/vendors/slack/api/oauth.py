"""``oauth.v2.access``: a code for a token, and with token rotation a refresh token for the next one."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from devtools.vendors.slack.api.refusals import Refused
from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.installing import LIFETIME
from devtools.vendors.slack.pretend import PretendSlack


def access(world: PretendSlack, arguments: Mapping[str, str], authorization: str) -> tuple[Installation, dict[str, Any]]:
    """Raises Refused: the app, the code or the refresh token is not a good one."""
    app = _app(world, arguments, authorization)
    if arguments.get("grant_type") == "refresh_token" or "refresh_token" in arguments:
        installation = _refreshed(world, app, arguments.get("refresh_token", ""))
    else:
        installation = _installed(world, app, arguments.get("code", ""))
    return installation, _granted(world, app, installation)


def _app(world: PretendSlack, arguments: Mapping[str, str], authorization: str) -> App:
    client_id, secret = arguments.get("client_id", ""), arguments.get("client_secret", "")
    if authorization.lower().startswith("basic "):
        try:
            client_id, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        except (ValueError, binascii.Error) as error:
            raise Refused("invalid_client_id") from error
    app = next((one for one in world.apps.values() if one.client_id == client_id), None)
    if app is None:
        raise Refused("invalid_client_id")
    if app.client_secret != secret:
        raise Refused("bad_client_secret")
    return app


def _installed(world: PretendSlack, app: App, text: str) -> Installation:
    code = world.codes.get(text)
    if code is None or code.app_id != app.app_id or code.expires_at <= world.now():
        raise Refused("invalid_code")
    if code.is_used:
        raise Refused("code_already_used")
    code.is_used = True
    if app.at(code.place) is not None:
        return world.reinstall(app.app_id, code.place, scopes=code.scopes)
    is_workspace = code.place in world.workspaces
    team_ids = [] if is_workspace else [one.id for one in world.workspaces.values() if one.enterprise_id == code.place]
    where = {"team_id": code.place} if is_workspace else {"enterprise_id": code.place}
    return world.install(app.app_id, **where, team_ids=team_ids, scopes=code.scopes, by=code.by)


def _refreshed(world: PretendSlack, app: App, refresh_token: str) -> Installation:
    found = next((one for one in app.active() if one.refresh_token == refresh_token and refresh_token), None)
    if found is None:
        raise Refused("invalid_refresh_token")
    world.renew(found)
    return found


def _granted(world: PretendSlack, app: App, installation: Installation) -> dict[str, Any]:
    said: dict[str, Any] = {"access_token": installation.token, "token_type": "bot", "scope": ",".join(sorted(installation.scopes))}
    workspace, enterprise = world.workspaces.get(installation.team_id or ""), world.enterprises.get(installation.enterprise_id or "")
    said |= {"bot_user_id": installation.bot_user_id, "app_id": app.app_id, "authed_user": {"id": installation.installer}}
    said |= {"team": {"id": workspace.id, "name": workspace.name} if workspace is not None else None}
    said |= {"enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise is not None else None}
    said |= {"is_enterprise_install": installation.is_org_wide}
    if installation.refresh_token is not None:
        said |= {"refresh_token": installation.refresh_token, "expires_in": int(LIFETIME.total_seconds())}
    return said
