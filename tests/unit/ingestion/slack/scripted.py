"""A Slack that answers as it is told, call by call, and a worker's poller that asks it. Whoever waits moves the clock on."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx2

from devtools.fakes.clock import Clock
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.pipeline import InMemoryPipeline
from ingestion.sources.slack.poller import SlackPoller
from ingestion.sources.source import Reading
from shared.connections.connection import Connection, Credential
from shared.contracts.sync import SyncKind
from shared.http.client import http_client

TENANT: Final = "acme"
TEAM: Final = "T0ACME"
APP: Final = "A0SHARDLINE"
TOKEN: Final = "xoxb-1-the-token"
APP_TOKEN: Final = "xapp-1-the-token"
BASE_URL: Final = "https://slack.test"

Form = Mapping[str, str]
Reply = httpx2.Response | dict[str, Any] | str
"""A response, what a good answer holds, or the word of a refusal."""


class ScriptedSlack:
    """``answers``: method → reply, or what makes one of a form. ``calls``: method and form of each, but for ``auth.test``."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply | Callable[[Form], Reply]] = {}
        self.tokens = {TOKEN}
        self.identity: dict[str, Any] = {"team_id": TEAM, "user_id": "U0BOT"}
        self.scopes = "channels:read,groups:read,users:read,users:read.email"
        self.calls: list[tuple[str, Form]] = []
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one call."""
        method = request.url.path.rpartition("/")[2]
        form = dict(parse_qsl(request.content.decode()))
        self.requests.append(request)
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token not in self.tokens:
            return self._response("invalid_auth")
        if method == "auth.test":
            return self._response(self.identity)
        self.calls.append((method, form))
        reply = self.answers[method]
        return self._response(reply(form) if callable(reply) else reply)

    def forms(self, method: str) -> list[Form]:
        """Those of one method."""
        return [form for called, form in self.calls if called == method]

    def has(self, *channels: dict[str, Any], members: Mapping[str, list[str]] | None = None) -> None:
        """These channels are there, and these people are in them; everybody else is nobody."""
        known, within = {channel["id"]: channel for channel in channels}, members or {}
        self.answers["conversations.list"] = {"channels": list(channels)}
        self.answers["conversations.info"] = lambda form: (
            {"channel": known[form["channel"]]} if form["channel"] in known else "channel_not_found"
        )
        self.answers["conversations.members"] = lambda form: (
            {"members": within.get(form["channel"], [])} if form["channel"] in known else "channel_not_found"
        )
        self.answers.setdefault("users.info", "user_not_found")

    def _response(self, reply: Reply) -> httpx2.Response:
        if isinstance(reply, httpx2.Response):
            return reply
        body = {"ok": False, "error": reply} if isinstance(reply, str) else {"ok": True, **reply}
        return httpx2.Response(200, json=body, headers={"x-oauth-scopes": self.scopes})


class Desk:
    """One worker at a scripted Slack, and all that is stored."""

    def __init__(self, *, account: str = TEAM, app_tokens: Mapping[str, str] | None = None) -> None:
        self.slack = ScriptedSlack()
        self.pipeline = InMemoryPipeline()
        self.clock: Clock = self.pipeline.clock
        self.metrics: InMemoryMetrics = self.pipeline.metrics
        self.secrets = self.pipeline.secrets
        self.secrets.values["slack"] = TOKEN
        self.connection = Connection(
            id=f"slack:{account}",
            tenant_id=TENANT,
            source="slack",
            account=account,
            created_at=self.clock(),
            credential=Credential(kind="bot-token", base_url=BASE_URL, client_id=APP, secret_name="slack"),
        )
        self.waits: list[float] = []
        self._app_tokens = app_tokens or {}
        self.poller = self.another()

    def another(self) -> SlackPoller:
        """Another worker's poller."""
        return SlackPoller(
            http=http_client(transport=httpx2.MockTransport(self.slack)),
            secrets=self.secrets,
            states=self.pipeline.states,
            index=self.pipeline.index,
            metrics=self.metrics,
            now=self.clock,
            api_base_url=BASE_URL,
            app_tokens=self._app_tokens,
            wait=self._wait,
        )

    def make_slow(self, method: str) -> None:
        """From now on it may be called once a minute: it says so once."""
        answer = self.slack.answers[method]
        replies: list[Reply] = [httpx2.Response(429, json={"ok": False, "error": "ratelimited"}, headers={"retry-after": "60"})]
        self.slack.answers[method] = lambda form: replies.pop() if replies else answer(form) if callable(answer) else answer

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds=seconds)

    def reading(self, stream: str, kind: SyncKind = "changes", cursor: Mapping[str, Any] | None = None) -> Reading:
        """A reading of a stream."""
        return Reading(self.connection, stream, kind, cursor, "run")

    async def records(
        self, *keys: str, stream: str = "Channel", kind: SyncKind = "changes"
    ) -> list[tuple[str, str, str, dict[str, Any] | None]]:
        """Type, id, kind and payload of the events that reading these gives."""
        events = await self.poller.records(self.reading(stream, kind), keys)
        return [(event.record_type or "", event.source_id, event.event_type, event.payload) for event in events]

    async def store(self, *keys: str, stream: str = "Channel") -> None:
        """These are read, and stored."""
        await self.pipeline.publisher.publish(*await self.poller.records(self.reading(stream), keys))
        await self.pipeline.run()
        self.clock.advance(seconds=60)
        self.slack.calls.clear()


def channel(key: str, **said: Any) -> dict[str, Any]:
    """A public channel as a list has it."""
    return {"id": key, "name": key.lower(), "is_private": False, "is_archived": False, "is_ext_shared": False, **said}


def person(key: str, **said: Any) -> dict[str, Any]:
    """Somebody as a list has them."""
    profile = {"real_name": key.title(), "email": f"{key.lower()}@acme.example"}
    return {
        "id": key,
        "team_id": TEAM,
        "name": key.lower(),
        "deleted": False,
        "is_bot": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "locale": "en-GB",
        "profile": profile,
        **said,
    }
