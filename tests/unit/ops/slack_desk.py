"""``connections add slack`` over a deployment that pretends, and a Slack that answers what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
from pydantic import SecretStr
from typing_extensions import override

from ingestion.sources.source import Poller, StreamCheck
from ops.slack_account import SCOPES
from shared.connections.connection import Connection
from shared.errors import PipelineError
from shared.streams.defaults import streams_of
from tests.unit.ops.deployment import Deployment, PretendPoller, Said

APP, TEAM, ENTERPRISE = "A0SHARDLINE", "T0ACME", "E0ACME"
TOKEN = "xoxb-111111111111-222222222222-s3cretS3cretS3cret"
ACME = f"slack:{TEAM}"
WHO: Mapping[str, Any] = {
    "ok": True,
    "team": "acme",
    "team_id": TEAM,
    "user_id": "U0BOT",
    "bot_id": "B0BOT",
    "is_enterprise_install": False,
}
OTHER_TEAM = "T0SALES"
ORG_WIDE: Mapping[str, Any] = {**WHO, "team": "Acme Org", "team_id": ENTERPRISE, "enterprise_id": ENTERPRISE, "is_enterprise_install": True}
REFUSED: Mapping[str, Any] = {"ok": False, "error": "missing_scope"}


class Streams(PretendPoller):
    """Says of streams what it is told, and keeps whom it was asked about and with which secrets."""

    source = "slack"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Connection] = []
        self.known: dict[str, str] = {}
        self.error: PipelineError | None = None

    def made(self, *, known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
        self.known = {name: secret.get_secret_value() for name, secret in known.items()}
        return {"slack": self}

    @override
    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        self.asked.append(connection)
        if self.error is not None:
            raise self.error
        return [StreamCheck(stream, is_readable=True, record_count=None, detail="") for stream in streams_of(connection)]


class Desk:
    """A deployment, the Slack its operators' tokens are for, and files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.deployment, self.streams = folder, Deployment(), Streams()
        self.deployment.ports = replace(self.deployment.ports, pollers=self.streams.made)
        self.deployment.vendors = httpx2.MockTransport(self._answer)
        self.answers: dict[str, Mapping[str, Any]] = {
            "auth.test": WHO,
            "team.info": {"ok": True, "team": {"id": TEAM, "name": "Acme Inc"}},
            "users.info": {"ok": True, "user": {"id": "U0BOT", "profile": {"api_app_id": APP}}},
            "auth.teams.list": {"ok": True, "teams": [{"id": OTHER_TEAM, "name": "Sales"}, {"id": TEAM, "name": "Acme"}]},
        }
        self.scopes: str | None = ",".join(SCOPES)
        self.status = 200
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.tokens: set[str] = set()

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        method = request.url.path.removeprefix("/api/")
        self.calls.append((method, dict(parse_qsl(request.content.decode()))))
        self.tokens.add(request.headers["authorization"])
        headers = {} if self.scopes is None else {"x-oauth-scopes": self.scopes}
        return httpx2.Response(self.status, json=dict(self.answers.get(method, {"ok": False, "error": "unknown_method"})), headers=headers)

    def file(self, text: str = TOKEN, name: str = "token") -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    async def add(self, *more: str, app: str | None = APP, tenant: str = "acme", token: str | None = TOKEN) -> Said:
        said = [
            "--tenant",
            tenant,
            *([] if app is None else ["--app", app]),
            *([] if token is None else ["--token-file", self.file(token)]),
        ]
        return await self.deployment.run("connections", "add", "slack", *said, *more)

    async def stored(self) -> Connection:
        [connection] = await self.deployment.connections.of_tenant("acme")
        return connection
