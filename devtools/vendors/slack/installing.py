"""Apps: how they are made, installed and thrown out again, and the tokens they get on the way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from devtools.vendors.slack import ids
from devtools.vendors.slack.announcements import Announcement
from devtools.vendors.slack.apps import READING, App, Installation, State, Token
from devtools.vendors.slack.people import Person
from devtools.vendors.slack.sharing import Sharing

LIFETIME: Final = timedelta(seconds=43200)
"""Of a token with rotation."""
CODE_LIFETIME: Final = timedelta(minutes=10)


@dataclass(slots=True)
class Code:
    """What the vendor sends back from its consent page. Good once."""

    app_id: str
    place: str
    scopes: set[str]
    by: str
    expires_at: datetime
    is_used: bool = False


class Installing(Sharing):
    """Operations on apps. An installation is named by the app and by its place: the workspace, or the enterprise of an org-wide one."""

    def __init__(self, rng: Random, now: Callable[[], datetime]) -> None:
        super().__init__(rng, now)
        self.codes: dict[str, Code] = {}

    def add_app(
        self,
        name: str = "shardline",
        *,
        app_id: str | None = None,
        signing_secret: str | None = None,
        request_url: str | None = None,
        events: Iterable[str] | None = None,
        rotates_tokens: bool = False,
    ) -> App:
        """Subscribed to every event there is, unless told otherwise."""
        made = app_id or ids.random_id(ids.APP, self.rng)
        client_id = f"{self.rng.randrange(10**11)}.{self.rng.randrange(10**11)}"
        secret = signing_secret or ids.secret(self.rng, 32).lower()
        app = App(made, name, client_id, ids.secret(self.rng, 32), [secret], ids.secret(self.rng), ids.token("xapp", self.rng), request_url)
        app.events, app.rotates_tokens = app.events if events is None else set(events), rotates_tokens
        self.apps[made] = app
        return app

    def install(
        self,
        app_id: str,
        *,
        team_id: str | None = None,
        enterprise_id: str | None = None,
        team_ids: Iterable[str] = (),
        scopes: Iterable[str] = READING,
        by: str = "",
        token: str | None = None,
    ) -> Installation:
        """In a workspace; or in an enterprise, with the workspaces that it may look into. Its bot is in no conversation yet."""
        app, bot_id = self.apps[app_id], ids.random_id(ids.BOT, self.rng)
        enterprise = enterprise_id if team_id is None else self.enterprise_of(team_id)
        teams = list(team_ids)
        home = team_id or (teams[0] if teams else enterprise or "")
        user_id = ids.random_id(ids.PERSON, self.rng)
        bot = Person(user_id, home, app.name, app.name.title(), self.stamps.seconds(), is_bot=True, bot_id=bot_id, app_id=app_id)
        bot.enterprise_id, bot.team_ids = enterprise, teams if team_id is None else []
        self.people[user_id] = bot
        installation = Installation(app_id, user_id, bot_id, set(scopes), team_id, enterprise, teams, by)
        app.installations.append(installation)
        self._give_token(installation, token)
        return installation

    def uninstall(self, app_id: str, place: str, *, quietly: bool = False) -> None:
        """The bot is out of every conversation, its tokens answer ``account_inactive``. ``tokens_revoked`` and ``app_uninstalled``."""
        installation = self.installation(app_id, place)
        installation.is_active = False
        self._end_tokens(installation, State.INACTIVE)
        self.people[installation.bot_user_id].deleted = True
        for conversation in self.channels():
            conversation.members.pop(installation.bot_user_id, None)
        self._tell_revoked(installation, quietly=quietly)
        event = {"type": "app_uninstalled", "event_ts": self.stamps.ts()}
        self._tell_installation(installation, event, quietly=quietly)

    def revoke_token(self, app_id: str, place: str, *, quietly: bool = False) -> None:
        """Its tokens answer ``token_revoked``, and it stays installed."""
        installation = self.installation(app_id, place)
        self._end_tokens(installation, State.REVOKED)
        self._tell_revoked(installation, quietly=quietly)

    def reinstall(self, app_id: str, place: str, *, scopes: Iterable[str] | None = None, token: str | None = None) -> Installation:
        """A new token; those before are revoked. Nothing is told."""
        installation = self.installation(app_id, place)
        self._end_tokens(installation, State.REVOKED)
        installation.is_active = True
        self.people[installation.bot_user_id].deleted = False
        installation.scopes = installation.scopes if scopes is None else set(scopes)
        self._give_token(installation, token)
        return installation

    def expire_tokens(self, app_id: str, place: str) -> None:
        """They answer ``token_expired``."""
        self._end_tokens(self.installation(app_id, place), State.EXPIRED)

    def grant_team(self, app_id: str, enterprise_id: str, team_id: str, *, quietly: bool = False) -> None:
        """An org-wide installation may look into one more workspace."""
        installation = self.installation(app_id, enterprise_id)
        if team_id not in installation.team_ids:
            installation.team_ids.append(team_id)
        self._reach(installation, "team_access_granted", team_id, quietly=quietly)

    def revoke_team(self, app_id: str, enterprise_id: str, team_id: str, *, quietly: bool = False) -> None:
        """One less: the bot is out of its conversations."""
        installation = self.installation(app_id, enterprise_id)
        installation.team_ids.remove(team_id)
        for conversation in self.channels(team_id=team_id):
            if not set(conversation.team_ids) & set(installation.team_ids):
                conversation.members.pop(installation.bot_user_id, None)
        self._reach(installation, "team_access_revoked", team_id, quietly=quietly)

    def authorize(self, app_id: str, place: str, *, scopes: Iterable[str] = READING, by: str = "") -> str:
        """Somebody has consented to an installation in a workspace or an enterprise: the code for ``oauth.v2.access``."""
        code = f"{self.rng.randrange(10**11)}.{self.rng.randrange(10**11)}.{ids.secret(self.rng, 40)}"
        self.codes[code] = Code(app_id, place, set(scopes), by, self.now() + CODE_LIFETIME)
        return code

    def installation(self, app_id: str, place: str) -> Installation:
        """Raises KeyError: the app was never installed there."""
        found = self.apps[app_id].at(place)
        if found is None:
            raise KeyError(place)
        return found

    def renew(self, installation: Installation) -> None:
        """A new token with token rotation; the one before stays good until it expires."""
        self._give_token(installation, None)

    def _give_token(self, installation: Installation, text: str | None) -> None:
        rotates = self.apps[installation.app_id].rotates_tokens
        installation.token = text or ids.token("xoxe.xoxb" if rotates else "xoxb", self.rng)
        installation.refresh_token = ids.token("xoxe", self.rng) if rotates else None
        self.tokens[installation.token] = Token(installation.token, installation, expires_at=self.now() + LIFETIME if rotates else None)

    def _end_tokens(self, installation: Installation, state: State) -> None:
        installation.refresh_token = installation.refresh_token if state is State.EXPIRED else None
        for token in self.tokens.values():
            if token.installation is installation and token.state is State.GOOD:
                token.state = state

    def _tell_revoked(self, installation: Installation, *, quietly: bool) -> None:
        event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [installation.bot_user_id]}, "event_ts": self.stamps.ts()}
        self._tell_installation(installation, event, quietly=quietly)

    def _tell_installation(self, installation: Installation, event: dict[str, Any], *, quietly: bool) -> None:
        teams = tuple(installation.teams)
        told = Announcement(event, event["type"], team_ids=teams, only=installation, is_of_enterprise=installation.is_org_wide)
        self.announce(told, quietly=quietly)

    def _reach(self, installation: Installation, kind: str, team_id: str, *, quietly: bool) -> None:
        event = {"type": kind, "team_ids": [team_id], "event_ts": self.stamps.ts()}
        self._tell_installation(installation, event, quietly=quietly)
