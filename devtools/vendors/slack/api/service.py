"""A pretend Slack on loopback: its Web API and its deliveries, over one ``PretendSlack``. How to use it: ``devtools.vendors.slack``.

What it has: reading of conversations, members, messages, people and workspaces; OAuth with rotation; tiers and the one-call-a-minute mode;
errors as the vendor says them; a ledger, faults, a clock that is given. Slack's own SDK for Python is content with it.

What it lacks: everything that writes (the world does that), files, reactions, views, Socket Mode, user tokens, SCIM, the Audit Logs, TLS.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any, Final, Self

from aiohttp import web

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.slack import faults as places
from devtools.vendors.slack import ids
from devtools.vendors.slack.api import conversations, messages, oauth, people, teams
from devtools.vendors.slack.api.answers import spoilt
from devtools.vendors.slack.api.arguments import arguments_of, complaints_of
from devtools.vendors.slack.api.asking import Answer, Question
from devtools.vendors.slack.api.ledger import Call, CallLedger
from devtools.vendors.slack.api.limits import TIERS, Limits
from devtools.vendors.slack.api.refusals import Refused
from devtools.vendors.slack.apps import App, State, Token
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.pretend import PretendSlack

_SPECIAL: Final = 600
"""Calls per minute of a method whose tier the vendor calls special."""


@dataclass(frozen=True, slots=True)
class Method:
    """``scopes``: any of them is enough; those that depend on what is asked for are checked where it is."""

    answer: Callable[[Question], Answer]
    per_minute: int
    scopes: tuple[str, ...] = ()


_ANY_READ: Final = ("channels:read", "groups:read", "im:read", "mpim:read")
_ANY_HISTORY: Final = ("channels:history", "groups:history", "im:history", "mpim:history")
METHODS: Final = {
    "auth.test": Method(teams.auth_test, _SPECIAL),
    "auth.teams.list": Method(teams.list_teams, TIERS[2]),
    "team.info": Method(teams.team_info, TIERS[3], ("team:read",)),
    "conversations.list": Method(conversations.list_conversations, TIERS[2], _ANY_READ),
    "conversations.info": Method(conversations.info, TIERS[3], _ANY_READ),
    "conversations.members": Method(conversations.members, TIERS[4], _ANY_READ),
    "conversations.history": Method(messages.history, TIERS[3], _ANY_HISTORY),
    "conversations.replies": Method(messages.replies, TIERS[3], _ANY_HISTORY),
    "users.list": Method(people.list_users, TIERS[2], ("users:read",)),
    "users.info": Method(people.info, TIERS[4], ("users:read",)),
    "users.lookupByEmail": Method(people.by_email, TIERS[3], ("users:read.email",)),
    "users.conversations": Method(conversations.conversations_of_user, TIERS[3], _ANY_READ),
    "usergroups.list": Method(people.list_groups, TIERS[2], ("usergroups:read",)),
    "usergroups.users.list": Method(people.users_of_group, TIERS[2], ("usergroups:read",)),
}
"""Those that a bot token asks."""
PER_MINUTE: Final = {name: method.per_minute for name, method in METHODS.items()} | {"apps.event.authorizations.list": _SPECIAL}
"""The vendor's tiers, of 2026-08-20."""


class SlackService:
    """``async with SlackService(world) as slack``: inside, ``url`` is its address; the Web API is below ``api_url``.

    With ``delivers``, what happens in the world is sent to the apps' request URLs meanwhile (``deliveries``).
    """

    def __init__(
        self, world: PretendSlack, *, faults: Injector | None = None, delivers: bool = False, deliveries: Deliveries | None = None
    ) -> None:
        self.world = world
        self.ledger = CallLedger()
        self.faults = faults or places.no_faults()
        self.limits = Limits(world.now, dict(PER_MINUTE))
        self.deliveries = deliveries or (Deliveries(world, faults=self.faults) if delivers else None)
        self.application = web.Application(client_max_size=2**22)
        self.application.on_response_prepare.append(self._date)
        self.application.router.add_route("*", "/api/{method}", self._handle)
        self._runner = web.AppRunner(self.application, handler_cancellation=True, shutdown_timeout=0.5, access_log=None)
        self._port: int | None = None
        self._delivering: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """What the vendor's SDK takes as ``base_url``."""
        return f"{self.url}/api/"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; 0 takes a free port.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]
        if self.deliveries is not None:
            self._delivering = asyncio.create_task(self.deliveries.run())

    async def stop(self) -> None:
        if self._delivering is not None:
            self._delivering.cancel()
            with suppress(asyncio.CancelledError):
                await self._delivering
        if self.deliveries is not None:
            await self.deliveries.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = format_datetime(self.world.now().replace(microsecond=0), usegmt=True)
        response.headers["x-slack-req-id"] = ids.secret(self.world.rng, 32).lower()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        call = Call(request.method, method if method in places.METHODS else "unknown", self.world.now())
        self.ledger.calls.append(call)
        scopes: dict[str, str] = {}
        try:
            arguments = await arguments_of(request)
            answer = self._answer(call, arguments, request.headers.get("Authorization", ""), scopes)
            body = {"ok": True} | answer.body | complaints_of(request, answer.body)
            response = await self._spoilt(request, call, answer, body)
        except Refused as refusal:
            call.error = refusal.error
            response = web.json_response(refusal.body, status=refusal.status, headers=dict(refusal.headers))
        call.status = response.status
        response.headers.update(scopes)
        return response

    def _answer(self, call: Call, arguments: dict[str, str], authorization: str, scopes: dict[str, str]) -> Answer:
        """Raises Refused: they may not ask, or not this, or not now."""
        match call.operation:
            case "unknown":
                raise Refused("unknown_method")
            case "api.test":
                return self._tested(arguments)
            case "oauth.v2.access":
                installation, granted = oauth.access(self.world, arguments, authorization)
                call.app_id, call.team = installation.app_id, installation.place
                return Answer(granted)
        text = arguments.get("token") or authorization.removeprefix("Bearer ").strip()
        if not text:
            raise Refused("not_authed")
        if call.operation == "apps.event.authorizations.list":
            app = self._app_of(call, text)
            return teams.authorizations(self.world, app, arguments.get("event_context", ""))
        token = self._token(text)
        installation = token.installation
        app, call.app_id = self.world.apps[installation.app_id], installation.app_id
        call.team = (arguments.get("team_id") if installation.is_org_wide else None) or installation.place
        call.channel, call.user = arguments.get("channel", ""), arguments.get("user", "")
        method = METHODS[call.operation]
        scopes |= {"x-oauth-scopes": ",".join(sorted(installation.scopes)), "x-accepted-oauth-scopes": ",".join(method.scopes)}
        self.limits.spend(call.operation, app, call.team)
        question = Question(self.world, arguments, call, app, installation)
        question.need(*method.scopes)
        return method.answer(question)

    def _tested(self, arguments: dict[str, str]) -> Answer:
        if arguments.get("error"):
            raise Refused(arguments["error"], more={"args": arguments})
        return Answer({"args": arguments})

    def _token(self, text: str) -> Token:
        token = self.world.tokens.get(text)
        if token is None:
            raise Refused("not_allowed_token_type" if text.startswith("xapp-") else "invalid_auth")
        if token.state is not State.GOOD:
            raise Refused(token.state)
        if token.expires_at is not None and token.expires_at <= self.world.now():
            raise Refused(State.EXPIRED)
        return token

    def _app_of(self, call: Call, text: str) -> App:
        app = next((one for one in self.world.apps.values() if one.app_token == text), None)
        if app is None:
            raise Refused("not_allowed_token_type" if text in self.world.tokens else "invalid_auth")
        call.app_id = app.app_id
        self.limits.spend(call.operation, app, "")
        if "authorizations:read" not in app.app_scopes:
            raise Refused("missing_scope", more={"needed": "authorizations:read", "provided": ",".join(sorted(app.app_scopes))})
        return app

    async def _spoilt(self, request: web.Request, call: Call, answer: Answer, body: dict[str, Any]) -> web.Response:
        fault = call.fault = self.faults.strike(call.operation, call.target, kinds=places.ANSWERING)
        if fault is None or fault.kind is Kind.DELAY:
            call.rows = answer.rows
        return web.json_response(body) if fault is None else await spoilt(request, fault, answer, body)
