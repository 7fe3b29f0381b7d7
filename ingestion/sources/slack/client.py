"""Slack's Web API, asked as one app's bot: within the budget, and with a token whose account was looked at before all else."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx2

from ingestion.sources.slack.answers import Answer, TokenRefused, TooManyCalls, answer_from, text_in
from ingestion.sources.slack.budget import DEFAULT_PAUSE_SECONDS, Budget
from shared.connections.connection import Connection, Credential
from shared.connections.secrets import Secrets
from shared.errors import ConfigurationError, PipelineError, RateLimited
from shared.http.client import response_to
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric, Span
from shared.telemetry.tracing import span

SOURCE: Final = "slack"
API: Final = "/api/"
TRIES: Final = 3
"""How often a call is made that is refused with a pause short enough to be waited for."""

APP_TOKEN_REFUSED: Final = "Slack does not accept the app-level token of {app}: renew it in SLACK_APP_TOKENS"  # noqa: S105 - a sentence


@dataclass(frozen=True)
class Identity:
    """Whose a token is, by ``auth.test``."""

    account: str | None
    """The workspace; of an org-wide installation the organization."""
    app: str | None
    """None: it is not said."""
    user: str | None
    """The bot's own user."""
    scopes: frozenset[str] | None


class SlackClient:
    """Asks as the bot of one connection."""

    def __init__(
        self,
        connection: Connection,
        budget: Budget,
        *,
        http: httpx2.AsyncClient,
        secrets: Secrets,
        metrics: Metrics,
        now: Callable[[], datetime],
        api_base_url: str,
    ) -> None:
        if connection.credential is None or connection.credential.kind != "bot-token":
            raise ConfigurationError("the connection has no bot token: only what Slack calls us with is known; connect it again with one")
        self._credential: Credential = connection.credential
        self._account = connection.account
        self._budget = budget
        self._http = http
        self._secrets = secrets
        self._metrics = metrics
        self._now = now
        self._api = api_base_url.rstrip("/") + API
        self._ahead = timedelta(0)
        self._logging_in = asyncio.Lock()
        self._known: tuple[str, Identity] | None = None

    def vendor_now(self) -> datetime:
        """What the vendor's clock says about now, by its last answer."""
        return self._now() + self._ahead

    async def ask(self, method: str, form: Mapping[str, str], *, is_live: bool) -> Answer:
        """What a method answers.

        Raises:
            RateLimited: not before its turn.
            ConfigurationError: the token is not accepted, nor is the one that is stored now; or it is another account's.
            PipelineError: as ``answers.ERRORS``.
        """
        token, _ = await self._let_in(is_live=is_live)
        try:
            return await self._asked(method, form, token, is_live=is_live)
        except TokenRefused as error:
            token = await self._instead_of(token, error, is_live=is_live)
        return await self._asked(method, form, token, is_live=is_live)

    async def log_in(self) -> Identity:
        """Look whose the token is that is stored now. Raises as ``ask``."""
        self._known = None
        _, identity = await self._let_in(is_live=True)
        return identity

    async def ask_as_app(self, token: str, method: str, form: Mapping[str, str]) -> Answer:
        """What a method answers to the app itself, with its app-level token. Raises as ``ask``."""
        try:
            return await self._asked(method, form, token, is_live=True)
        except TokenRefused as error:
            raise TokenRefused(error.said, APP_TOKEN_REFUSED.format(app=self._credential.client_id)) from None

    async def _let_in(self, *, is_live: bool) -> tuple[str, Identity]:
        async with self._logging_in:  # the tasks of this worker wait here for one of them
            if self._known is None:
                token = await self._token()
                try:
                    self._known = token, await self._identity(token, is_live=is_live)
                except TokenRefused:
                    again = await self._token(anew=True)
                    if again == token:
                        raise
                    self._known = again, await self._identity(again, is_live=is_live)  # it was replaced just now
            return self._known

    async def _instead_of(self, refused: str, error: TokenRefused, *, is_live: bool) -> str:
        """The token that is stored now, if it is another one."""
        if self._known is not None and self._known[0] == refused:
            self._known = None
        if self._known is None and await self._token(anew=True) == refused:
            raise error
        return (await self._let_in(is_live=is_live))[0]

    async def _token(self, *, anew: bool = False) -> str:
        name = self._credential.secret_name
        token = (await self._secrets.read(name, anew=anew)).get_secret_value().strip()
        if not (token and token.isascii() and token.isprintable() and " " not in token):
            raise ConfigurationError(f"the secret {name} is no token of Slack's: store the app's bot token, which begins with xoxb")
        return token

    async def _identity(self, token: str, *, is_live: bool) -> Identity:
        answer = await self._asked("auth.test", {}, token, is_live=is_live)
        is_org_wide = answer.body.get("is_enterprise_install") is True
        identity = Identity(
            account=text_in(answer.body, "enterprise_id" if is_org_wide else "team_id"),
            app=text_in(answer.body, "app_id"),
            user=text_in(answer.body, "user_id"),
            scopes=answer.scopes,
        )
        if identity.account != self._account:
            # Or another account's records would be taken for this tenant's.
            raise ConfigurationError("the bot token opens another account than the one that is connected: compare the two")
        if identity.app not in (None, self._credential.client_id):
            raise ConfigurationError("the bot token is another app's than the one that is connected: compare the two")
        return identity

    async def _asked(self, method: str, form: Mapping[str, str], token: str, *, is_live: bool) -> Answer:
        seconds = DEFAULT_PAUSE_SECONDS
        for _ in range(TRIES):
            await self._budget.take(method, is_live=is_live)
            try:
                return await self._once(method, form, token)
            except TooManyCalls as error:
                await self._budget.refused(method, error)
                seconds = seconds if error.asked_seconds is None else error.asked_seconds
        raise RateLimited(f"Slack {method}: asked for a pause again and again", retry_after_seconds=max(seconds, 1.0))

    async def _once(self, method: str, form: Mapping[str, str], token: str) -> Answer:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        try:
            request = self._http.build_request("POST", self._api + method, data=dict(form), headers=headers)
        except httpx2.InvalidURL as error:
            raise ConfigurationError("the address of Slack's API is none") from error
        outcome, since, what = "answered", self._now(), f"Slack {method}"
        try:
            with span(Span.VENDOR, source=SOURCE, operation=method):
                response = await response_to(self._http, request, what=what)
                answer = answer_from(response, what=what, since=since, now=self._now())
        except PipelineError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.count(Metric.SOURCE_REQUESTS, source=SOURCE, operation=method, outcome=outcome)
        self._ahead = answer.at - since
        return answer
