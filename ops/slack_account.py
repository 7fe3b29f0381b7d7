"""Whose a bot token of Slack is, as Slack itself says: ``auth.test``, and who else is asked for what that leaves out.

No error holds a token.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx2
from pydantic import SecretStr

from ingestion.sources.slack.answers import Answer, answer_from, objects_in, text_in
from ops.refusals import Misused, Refused
from shared.errors import ConfigurationError, PipelineError, TransientError
from shared.http.client import response_to

SCOPES: Final[Mapping[str, str]] = {
    "channels:read": "public channels and who is in them",
    "groups:read": "the private channels its bot was invited to, and who is in them",
    "users:read": "people",
    "users:read.email": "people's addresses: without them a search knows nobody's private channels",
    "team:read": "the workspace's name",
    "channels:history": "new topics, purposes and conversions of public channels before the daily reading",
    "groups:history": "the same of private channels",
}
"""What the app should be granted, and what each is for: docs/sources/slack.md has the same in its manifest."""

_TOKEN: Final = re.compile(r"xoxb-[0-9A-Za-z-]{10,500}")
_MOST_CHARACTERS: Final = 4096
_APP: Final = re.compile(r"A[0-9A-Z]{2,30}")
_ACCOUNT: Final = re.compile(r"[TE][0-9A-Z]{2,30}")
_SECRET_NAME: Final = re.compile(r"[0-9A-Za-z-]{1,127}")


@dataclass(frozen=True)
class SlackAccount:
    """Where a token was given."""

    id: str
    """A workspace, ``T…``; an enterprise, ``E…``, for an org-wide installation."""
    name: str | None
    app_id: str | None
    """None: Slack did not say."""
    scopes: frozenset[str] | None
    """What was granted; None: Slack did not say."""
    workspaces: tuple[str, ...] = ()
    """Of an org-wide installation: where the app may look, by name; two hundred at most."""
    team_ids: tuple[str, ...] = ()
    """The ids of these."""

    @property
    def missing_scopes(self) -> list[str]:
        """What should have been granted besides."""
        return [] if self.scopes is None else [scope for scope in SCOPES if scope not in self.scopes]


async def account_of(token: SecretStr, *, http: httpx2.AsyncClient, base_url: str, now: Callable[[], datetime]) -> SlackAccount:
    """What Slack says of a token.

    Raises:
        Refused: it is not accepted, or the address is not Slack's.
        TransientError: Slack does not answer now.
    """
    asker = _Asker(token, http, base_url, now)
    try:
        answer = await asker.ask("auth.test")
    except TransientError:
        raise
    except PipelineError as error:
        raise Refused(str(error)) from error
    said = answer.body
    is_org_wide = said.get("is_enterprise_install") is True
    account = said.get("enterprise_id" if is_org_wide else "team_id")
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise Refused("Slack does not say whose the token is: is it a bot's?")
    name = text_in(said, "team")
    teams: list[dict[str, Any]] = []
    if is_org_wide:
        teams = objects_in((await asker.ask_if_it_can("auth.teams.list", limit="200")).get("teams"))
    else:
        team = (await asker.ask_if_it_can("team.info")).get("team")
        name = (text_in(team, "name") if isinstance(team, dict) else None) or name
    return SlackAccount(
        id=account,
        name=name,
        app_id=await _app_of(said, asker),
        scopes=answer.scopes,
        workspaces=tuple(sorted(str(team.get("name") or team.get("id")) for team in teams)),
        team_ids=tuple(sorted(str(team["id"]) for team in teams if text_in(team, "id"))),
    )


def bot_token_in(file: Path) -> SecretStr:
    """The bot token in a file.

    Raises:
        Misused: it holds none.
    """
    try:
        with file.open(encoding="utf-8-sig") as opened:
            text = opened.read(_MOST_CHARACTERS)
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file}: cannot be read ({type(error).__name__})") from None
    return checked_token(text, str(file))


def checked_token(text: str, where: str) -> SecretStr:
    """A text, if it is a bot token that does not end by itself.

    Raises:
        Misused: it is none, and what it seems to be instead.
    """
    token = text.strip()
    if _TOKEN.fullmatch(token):
        return SecretStr(token)
    kind = next((kind for beginning, kind in _OTHERS.items() if token.startswith(beginning)), "no bot token: it begins with xoxb-")
    raise Misused(f"{where}: {kind}")


_OTHERS: Final[Mapping[str, str]] = {
    "xoxp-": "a user's token: the bot's is wanted, which begins with xoxb-",
    "xapp-": "the app-level token, which belongs into the setting SLACK_APP_TOKENS: the bot's is wanted, which begins with xoxb-",
    "xoxe": "a token that ends after twelve hours: switch token rotation off (docs/sources/slack.md), and install the app again",
}


def check_app(text: str) -> str:
    """The id of an app."""
    found = text.strip()
    if not _APP.fullmatch(found):
        raise ValueError("an app's id begins with A and has capitals and digits (Basic Information, App ID)")
    return found


def check_account(text: str) -> str:
    """The id of a workspace or of an enterprise."""
    found = text.strip()
    if not _ACCOUNT.fullmatch(found):
        raise ValueError("a workspace's id begins with T, an enterprise's with E")
    return found


def check_secret_name(text: str) -> str:
    """What Key Vault takes for a name."""
    found = text.strip()
    if not _SECRET_NAME.fullmatch(found):
        raise ValueError("a secret's name has letters, digits and hyphens")
    return found


@dataclass(frozen=True)
class _Asker:
    token: SecretStr
    http: httpx2.AsyncClient
    base_url: str
    now: Callable[[], datetime]

    async def ask(self, method: str, **arguments: str) -> Answer:
        """What a method answers. Raises as ``answer_from``."""
        headers = {"authorization": f"Bearer {self.token.get_secret_value()}"}
        try:
            request = self.http.build_request("POST", f"{self.base_url.rstrip('/')}/api/{method}", data=arguments, headers=headers)
        except httpx2.InvalidURL as error:
            raise ConfigurationError("the base URL is no address") from error
        what, since = f"Slack {method}", self.now()
        response = await response_to(self.http, request, what=what)
        return answer_from(response, what=what, since=since, now=self.now())

    async def ask_if_it_can(self, method: str, **arguments: str) -> dict[str, Any]:
        """Of what is merely good to know: nothing, where Slack does not say."""
        try:
            return (await self.ask(method, **arguments)).body
        except PipelineError:
            return {}


async def _app_of(said: Mapping[str, Any], asker: _Asker) -> str | None:
    """``auth.test`` names the app of some tokens only; the bot's own profile, with ``users:read``, that of every bot."""
    app, bot = text_in(said, "app_id"), text_in(said, "user_id")
    if app is None and bot is not None:
        user = (await asker.ask_if_it_can("users.info", user=bot)).get("user")
        profile = user.get("profile") if isinstance(user, dict) else None
        app = text_in(profile, "api_app_id") if isinstance(profile, dict) else None
    return app
