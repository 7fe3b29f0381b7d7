"""Asking the running app a question, with whatever token, and the tokens of the run's issuer."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from devtools.issuer.tokens import token
from devtools.local.parts import issuer_folder
from devtools.local.run import AUDIENCE
from tests.e2e.environment import Environment


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    body: dict[str, Any]

    @property
    def found(self) -> list[str]:
        """The ids of the shards, best first."""
        return [hit["shardId"] for hit in self.body.get("hits", [])]


def bearer(environment: Environment, tenant_id: str, *, email: str | None = None, admin: bool = False, **claims: Any) -> str:
    """A token of the run's issuer, for the app unless the claims say otherwise."""
    folder = issuer_folder(environment.children.folder)
    return token(
        folder, issuer=environment.run.issuer, audience=AUDIENCE, tenant_id=tenant_id, email=email, admin=admin, seconds=3600, **claims
    )


async def ask(environment: Environment, question: str, authorization: str | None) -> Answer:
    """GET the search endpoint with this ``Authorization`` header, or with none."""
    headers = {} if authorization is None else {"Authorization": authorization}
    url, timeout = environment.run.search_url, aiohttp.ClientTimeout(total=30)
    async with environment.http.get(url, params={"q": question, "limit": "50"}, headers=headers, timeout=timeout) as response:
        text = await response.text()
        return Answer(response.status, text, await response.json() if response.content_type == "application/json" else {})


async def found(environment: Environment, question: str, tenant_id: str, *, email: str | None = None, admin: bool = False) -> list[str]:
    """The ids of the shards that somebody of a tenant finds."""
    answer = await ask(environment, question, f"Bearer {bearer(environment, tenant_id, email=email, admin=admin)}")
    assert answer.status == 200, answer
    return answer.found
