"""How another process changes what the stand-in holds, and reads what was asked of it: ``/pretend/…`` on the same server.

Nothing of it exists at the vendor. A command is a POST of JSON whose names are those of the operation in Python, with hyphens in its own
(``set-topic`` with ``{"channel_id": …, "topic": …}``); ``"quietly": true`` tells no app. What there is not is 404, anything else that
cannot be done 400. Everybody on the machine can use it.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from datetime import timedelta
from inspect import isawaitable
from typing import Any, Final

from aiohttp import web

from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.messages import Message
from devtools.vendors.slack.stories import burst

Said = Mapping[str, Any]
Command = Callable[[SlackService, Said], Any | Awaitable[Any]]

_OPERATIONS: Final = (
    *("create", "rename", "set_topic", "set_purpose", "archive", "unarchive", "delete", "convert_to_private", "convert_to_public"),
    *("join", "invite", "leave", "kick", "share", "invite_team", "unshare", "change_id", "post", "reply", "edit", "delete_message"),
    *("change_history", "add_person", "change_person", "deactivate", "restore", "populate", "add_workspace", "rename_workspace"),
)
_OF_APPS: Final = ("uninstall", "revoke_token", "reinstall", "expire_tokens", "grant_team", "revoke_team", "authorize", "install")


def add_control(slack: SlackService) -> None:
    """Serve ``/pretend/…``, too. Before it is started."""

    async def command(request: web.Request) -> web.Response:
        name, text = request.match_info["command"], await request.text()
        try:
            answer = COMMANDS[name](slack, json.loads(text) if text else {})
            answer = await answer if isawaitable(answer) else answer
        except KeyError as error:
            return web.json_response({"error": f"there is no {error.args[0]}"}, status=404)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(answer or {})

    async def channels(_: web.Request) -> web.Response:
        return web.json_response({"channels": [_channel(one) for one in slack.world.channels()]})

    async def people(_: web.Request) -> web.Response:
        return web.json_response({"people": [asdict(one) for one in slack.world.people.values()]})

    async def ledger(_: web.Request) -> web.Response:
        calls, deliveries = slack.ledger, slack.deliveries
        said: dict[str, Any] = {"calls": calls.written(), "counts": calls.counts(), "rows": calls.rows()}
        if deliveries is not None:
            lost = [{"type": one.parcel.type, "event_id": one.parcel.event_id, "reason": one.reason} for one in deliveries.lost]
            said["deliveries"] = {"attempts": deliveries.ledger.written(), "lost": lost, "waiting": deliveries.waiting}
        return web.json_response(said)

    router = slack.application.router
    router.add_get("/pretend/channels", channels)
    router.add_get("/pretend/people", people)
    router.add_get("/pretend/ledger", ledger)
    router.add_post("/pretend/{command}", command)


def _operation(name: str) -> Command:
    def carry_out(slack: SlackService, said: Said) -> Any:
        return _made(getattr(slack.world, name)(**said))

    return carry_out


def _of_app(name: str) -> Command:
    """``app_id`` and ``place`` are those of the first app, where they are not named."""

    def carry_out(slack: SlackService, said: Said) -> Any:
        app = _app(slack, said)
        given = dict(said) | {"app_id": app.app_id}
        if name in {"uninstall", "revoke_token", "reinstall", "expire_tokens"}:
            given.setdefault("place", app.installations[0].place)
        return _made(getattr(slack.world, name)(**given))

    return carry_out


def _made(made: Any) -> dict[str, Any]:
    match made:
        case list():
            return {"ids": made}
        case str():
            return {"code": made}
        case Message():
            return {"ts": made.ts}
        case Installation():
            return {"token": made.token, "bot_user_id": made.bot_user_id, "scopes": sorted(made.scopes)}
    return {"id": made.id} if hasattr(made, "id") else {}


def _app(slack: SlackService, said: Said) -> App:
    return slack.world.app(said.get("app_id"))


def _deliveries(slack: SlackService) -> Deliveries:
    if slack.deliveries is None:
        raise ValueError("nothing is delivered here")
    return slack.deliveries


async def _request_url(slack: SlackService, said: Said) -> dict[str, Any]:
    app = _app(slack, said)
    app.request_url = said["url"]
    return {"is_verified": await _deliveries(slack).verify_url(app)}


def _events(slack: SlackService, said: Said) -> None:
    _app(slack, said).events = set(said["events"])


def _disable(slack: SlackService, said: Said) -> None:
    _app(slack, said).is_disabled = True


def _enable(slack: SlackService, said: Said) -> None:
    _deliveries(slack).enable(_app(slack, said))


def _lose_minutes(slack: SlackService, said: Said) -> dict[str, Any]:
    until = slack.world.now() + timedelta(minutes=said["minutes"])
    _deliveries(slack).loses_until = until
    return {"until": until.isoformat()}


def _hold(slack: SlackService, said: Said) -> dict[str, Any]:
    deliveries = _deliveries(slack)
    deliveries.is_held = said.get("is_held", True)
    return {"waiting": deliveries.waiting}


def _rate_limit(slack: SlackService, said: Said) -> dict[str, Any]:
    """``events_per_hour`` of what is sent; ``per_minute`` by method of what is asked, null without a limit; ``is_limited`` …"""
    app = _app(slack, said)
    if "events_per_hour" in said:
        _deliveries(slack).events_per_hour = said["events_per_hour"]
    for method, most in said.get("per_minute", {}).items():
        slack.limits.per_minute.pop(method, None)
        if most is not None:
            slack.limits.per_minute[method] = most
    app.is_limited = said.get("is_limited", app.is_limited)
    app.limited_methods = set(said.get("limited_methods", app.limited_methods))
    return {"per_minute": slack.limits.per_minute}


def _turned(target: Any, said: Said) -> dict[str, Any]:
    for name, value in said.items():
        if name not in {field.name for field in fields(target)}:
            raise KeyError(name)
        setattr(target, name, timedelta(seconds=value) if name == "hold" else value)
    return {name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in asdict(target).items()}


async def _burst(slack: SlackService, said: Said) -> dict[str, Any]:
    """``count`` changes, ``per_second`` of them, to ``channels`` (how many, or which); a share of ``duplicates`` is sent twice."""
    world, asked = slack.world, said.get("channels", 10)
    chosen = asked if isinstance(asked, list) else [one.id for one in world.channels()][:asked]
    if slack.deliveries is not None and "duplicates" in said:
        slack.deliveries.mishaps.duplicate_share = said["duplicates"]
    try:
        return {"done": await burst(world, chosen, count=said["count"], per_second=said.get("per_second", 0))}
    finally:
        if slack.deliveries is not None and "duplicates" in said:
            slack.deliveries.mishaps.duplicate_share = 0.0


COMMANDS: Final[Mapping[str, Command]] = {
    **{name.replace("_", "-"): _operation(name) for name in _OPERATIONS},
    **{name.replace("_", "-"): _of_app(name) for name in _OF_APPS},
    "request-url": _request_url,
    "events": _events,
    "disable": _disable,
    "enable": _enable,
    "lose-minutes": _lose_minutes,
    "hold": _hold,
    "rate-limit": _rate_limit,
    "mishaps": lambda slack, said: _turned(_deliveries(slack).mishaps, said),
    "knobs": lambda slack, said: _turned(slack.world.knobs, said),
    "burst": _burst,
    "forget-calls": lambda slack, said: slack.ledger.clear(),
}
"""What can be told to it, by the last part of the address."""


def _channel(one: Conversation) -> dict[str, Any]:
    said = {"id": one.id, "name": one.name, "kind": one.kind, "team_ids": one.team_ids, "creator": one.creator, "updated": one.updated}
    said |= {"topic": one.topic.value, "purpose": one.purpose.value, "is_archived": one.is_archived, "is_private": one.is_private}
    return said | {"members": list(one.members), "messages": len(one.log), "frozen_reason": one.frozen_reason}
