"""Who may come in: connected apps, what users have approved, and the sessions that tokens stand for.

Surprising, and true of the vendor: an answer with a token does not say how long it is good for; a session's end shows as a refusal.
Lacks: refresh tokens, authorization by a person, profiles and IP ranges, the session that is prolonged by use (it ends so long after it
began), My Domain addresses: every organization is found at the stand-in's own.
"""

import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from devtools.vendors.salesforce.api import refusals
from devtools.vendors.salesforce.records import PretendOrg, Record

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES: Final = ("https://login.salesforce.com", "https://test.salesforce.com")
LONGEST_ASSERTION: Final = timedelta(minutes=3)
SKEW: Final = timedelta(seconds=5)
"""By how much the clock of whoever signs may be ahead."""
SESSION: Final = timedelta(hours=2)
_CHARACTERS: Final = string.ascii_letters + string.digits + "._"


@dataclass(frozen=True)
class ConnectedApp:
    """``client_id`` is what Salesforce calls the consumer key. With a ``public_key`` it may use JWT bearer, with a ``client_secret`` client
    credentials, which act as ``run_as`` (a user id; the first of the organization's users without it)."""

    client_id: str
    client_secret: str | None = None
    public_key: RSAPublicKey | str | bytes | None = None
    organization_id: str | None = None
    """Whose it is, for client credentials; the first organization's without it."""
    run_as: str | None = None
    scope: str = "api"


@dataclass(frozen=True)
class Session:
    organization_id: str
    user_id: str
    began_at: datetime


class Sessions:
    """Of all organizations that are served. ``lifetime`` may be changed at any time."""

    def __init__(self, orgs: Iterable[PretendOrg], now: Callable[[], datetime]) -> None:
        self.lifetime = SESSION
        self.inactive_organizations: set[str] = set()
        self._orgs = {org.organization_id: org for org in orgs}
        self._now = now
        self._rng = Random("sessions")
        self._apps: dict[str, ConnectedApp] = {}
        self._sessions: dict[str, Session] = {}
        self._revoked: set[str] = set()

    def register(self, app: ConnectedApp) -> ConnectedApp:
        self._apps[app.client_id] = app
        return app

    def revoke(self, user: str) -> None:
        """A user (id or user name) takes the approval back: sessions end, and there are no new ones until ``approve``."""
        user_id = self._user(user).id
        self._revoked.add(user_id)
        self._sessions = {token: one for token, one in self._sessions.items() if one.user_id != user_id}

    def approve(self, user: str) -> None:
        self._revoked.discard(self._user(user).id)

    def end_all(self) -> None:
        """Every session ends; new ones can be had."""
        self._sessions.clear()

    def issue(self, org: PretendOrg, user_id: str | None = None) -> str:
        """A token for a user, the organization's first without one."""
        secret = "".join(self._rng.choices(_CHARACTERS, k=80))
        token = f"{org.organization_id[:15]}!AQ{secret}"
        self._sessions[token] = Session(org.organization_id, user_id or org.user_ids[0], self._now())
        return token

    def session_of(self, authorization: str) -> Session:
        """The session of an ``Authorization`` header.

        Raises:
            Refused: 401, there is none, or no longer.
        """
        scheme, _, token = authorization.partition(" ")
        session = self._sessions.get(token) if scheme in {"Bearer", "OAuth"} else None
        if session is None or self._now() - session.began_at >= self.lifetime or session.organization_id in self.inactive_organizations:
            raise refusals.invalid_session()
        return session

    def granted(self, said: dict[str, str], url: str) -> dict[str, Any]:
        """The answer to a token request.

        Raises:
            Refused: 400, in OAuth's words.
        """
        match said.get("grant_type"):
            case "client_credentials":
                app, org, user = self._by_secret(said)
            case kind if kind == JWT_BEARER:
                app, org, user = self._by_assertion(said.get("assertion", ""), url)
            case _:
                raise refusals.oauth("unsupported_grant_type", "grant type not supported")
        if org.organization_id in self.inactive_organizations:
            raise refusals.oauth("inactive_org", "organization is inactive or locked")
        if user.fields.get("IsActive") is not True:
            raise refusals.oauth("inactive_user", "user is inactive")
        if user.id in self._revoked:
            raise refusals.oauth("invalid_grant", "user hasn't approved this consumer")
        return {
            "access_token": self.issue(org, user.id),
            "scope": app.scope,
            "instance_url": url,
            "id": f"{url}/id/{org.organization_id}/{user.id}",
            "token_type": "Bearer",
        }

    def _by_secret(self, said: dict[str, str]) -> tuple[ConnectedApp, PretendOrg, Record]:
        app = self._app(said.get("client_id", ""))
        if app.client_secret is None or said.get("client_secret") != app.client_secret:
            raise refusals.oauth("invalid_client", "invalid client credentials")
        org = self._orgs[app.organization_id or next(iter(self._orgs))]
        return app, org, org.record(app.run_as or org.user_ids[0])

    def _by_assertion(self, assertion: str, url: str) -> tuple[ConnectedApp, PretendOrg, Record]:
        try:
            app = self._app(str(jwt.decode(assertion, options={"verify_signature": False}).get("iss", "")))
            claims = jwt.decode(
                assertion,
                app.public_key or b"",
                algorithms=["RS256"],
                options={
                    "verify_exp": False,
                    "verify_aud": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "require": ["sub", "aud", "exp"],
                },
            )
            expires_in = timedelta(seconds=float(claims["exp"]) - self._now().timestamp())
        except (jwt.InvalidTokenError, jwt.InvalidKeyError, TypeError, ValueError) as error:
            raise refusals.oauth("invalid_grant", "invalid assertion") from error
        if not timedelta() < expires_in <= LONGEST_ASSERTION + SKEW:
            raise refusals.oauth("invalid_grant", "invalid assertion: expired, or good for too long")
        if claims["aud"] not in (*AUDIENCES, url):
            raise refusals.oauth("invalid_grant", "audience is invalid")
        for org in self._orgs.values():
            for user in org.records("User"):
                if user.fields.get("Username") == claims["sub"]:
                    return app, org, user
        raise refusals.oauth("invalid_grant", "user hasn't approved this consumer")

    def _app(self, client_id: str) -> ConnectedApp:
        if client_id not in self._apps:
            raise refusals.oauth("invalid_client_id", "client identifier invalid")
        return self._apps[client_id]

    def _user(self, user: str) -> Record:
        for org in self._orgs.values():
            for record in org.records("User"):
                if user in {record.id, record.fields.get("Username")}:
                    return record
        raise KeyError(user)
