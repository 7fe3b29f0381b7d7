"""Who may come in: service accounts that act as people of the domain, applications people let in, and the tokens of both.

Tokens end by the clock, an hour after they were given. Lacks: the consent page itself, PKCE, scopes that a person leaves out, service
accounts that impersonate each other, tokens of the metadata server.
"""

import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.types import Options

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.people import User

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES: Final = ("https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token")
LIFETIME: Final = timedelta(hours=1)
LONGEST_ASSERTION: Final = timedelta(hours=1)
SKEW: Final = timedelta(minutes=5)

AUTH: Final = "https://www.googleapis.com/auth/"
DRIVE: Final = f"{AUTH}drive"
READ: Final = f"{AUTH}drive.readonly"
METADATA: Final = f"{AUTH}drive.metadata.readonly"
USERS: Final = f"{AUTH}admin.directory.user.readonly"
GROUPS: Final = f"{AUTH}admin.directory.group.readonly"
MEMBERS: Final = f"{AUTH}admin.directory.group.member.readonly"
EVERY_SCOPE: Final = (DRIVE, READ, METADATA, USERS, GROUPS, MEMBERS)

_ONLY_SIGNATURE: Final[Options] = {
    "verify_exp": False,
    "verify_aud": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
}
"""What else it says is held against the clock that is given."""
_CHARACTERS: Final = string.ascii_letters + string.digits + "-_"
_UNAUTHORIZED: Final = (
    "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."
)


@dataclass
class ServiceAccount:
    """``keys``: public keys by id, to be changed while it is in use. ``scopes``: what the domain delegated to it."""

    email: str
    keys: dict[str, RSAPublicKey | str | bytes]
    scopes: set[str] | frozenset[str] | tuple[str, ...] = EVERY_SCOPE


@dataclass(frozen=True)
class OAuthClient:
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Session:
    email: str
    scopes: frozenset[str]
    began_at: datetime

    def can(self, scopes: Iterable[str]) -> bool:
        """Whether it has any of them."""
        return bool(self.scopes.intersection(scopes))


@dataclass(frozen=True, slots=True)
class _Consent:
    client_id: str
    email: str
    scopes: frozenset[str] = field(default=frozenset())


class Sessions:
    """``accounts`` by email, ``clients`` by id; ``lifetime`` of access tokens. All may be changed at any time."""

    def __init__(self, drive: PretendDrive, now: Callable[[], datetime]) -> None:
        self.lifetime = LIFETIME
        self.accounts: dict[str, ServiceAccount] = {}
        self.clients: dict[str, OAuthClient] = {}
        self._drive = drive
        self._now = now
        self._rng = Random("sessions")
        self._sessions: dict[str, Session] = {}
        self._consents: dict[str, _Consent] = {}

    def issue(self, email: str, scopes: Iterable[str] = EVERY_SCOPE) -> str:
        """An access token."""
        token = "ya29." + "".join(self._rng.choices(_CHARACTERS, k=60))
        self._sessions[token] = Session(email, frozenset(scopes), self._now())
        return token

    def consent(self, email: str, *, client_id: str, scopes: Iterable[str] = (READ,)) -> str:
        """A person lets an application in: its refresh token."""
        self._drive.people.user(email)
        token = "1//0" + "".join(self._rng.choices(_CHARACTERS, k=60))
        self._consents[token] = _Consent(client_id, email, frozenset(scopes))
        return token

    def revoke(self, email: str) -> None:
        """A person lets nobody in any more: refresh tokens and access tokens end."""
        self._consents = {token: one for token, one in self._consents.items() if one.email != email}
        self._sessions = {token: one for token, one in self._sessions.items() if one.email != email}

    def end_all(self) -> None:
        """Every access token ends; new ones can be had."""
        self._sessions.clear()

    def session_of(self, authorization: str) -> tuple[Session, User]:
        """Of an ``Authorization`` header.

        Raises:
            Refused: 401, there is none, or no longer.
        """
        scheme, _, token = authorization.partition(" ")
        session = self._sessions.get(token) if scheme == "Bearer" else None
        user = self._drive.people.users.get(session.email) if session else None
        if session is None or user is None or not user.is_active or self._now() - session.began_at >= self.lifetime:
            raise refusals.of_reason("authError")
        return session, user

    def granted(self, said: Mapping[str, str], url: str) -> tuple[str, dict[str, Any]]:
        """As whom, and the answer to a token request.

        Raises:
            Refused: 400 or 401, in OAuth's words.
        """
        match said.get("grant_type"):
            case "refresh_token":
                email, scopes = self._by_consent(said)
            case kind if kind == JWT_BEARER:
                email, scopes = self._by_assertion(said.get("assertion", ""), url)
            case kind:
                raise refusals.oauth("unsupported_grant_type", f"Invalid grant_type: {kind}")
        token = self.issue(email, scopes)
        answer: dict[str, Any] = {"access_token": token, "expires_in": int(self.lifetime.total_seconds()), "token_type": "Bearer"}
        return email, answer | ({"scope": " ".join(sorted(scopes))} if said.get("grant_type") == "refresh_token" else {})

    def _by_consent(self, said: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        client = self.clients.get(said.get("client_id", ""))
        if client is None:
            raise refusals.oauth("invalid_client", "The OAuth client was not found.", 401)
        if said.get("client_secret") != client.client_secret:
            raise refusals.oauth("invalid_client", "Unauthorized", 401)
        consent = self._consents.get(said.get("refresh_token", ""))
        if consent is None or consent.client_id != client.client_id:
            raise refusals.oauth("invalid_grant", "Token has been expired or revoked.")
        self._check_user(consent.email)
        return consent.email, consent.scopes

    def _by_assertion(self, assertion: str, url: str) -> tuple[str, frozenset[str]]:
        account, claims = self._verified(assertion)
        try:
            issued, expires = (datetime.fromtimestamp(float(claims[name]), self._now().tzinfo) for name in ("iat", "exp"))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise refusals.oauth("invalid_grant", "Invalid JWT: iat and exp are needed.") from error
        now = self._now()
        if not (issued - SKEW <= now < expires + SKEW and timedelta() < expires - issued <= LONGEST_ASSERTION):
            message = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            raise refusals.oauth("invalid_grant", message)
        if claims.get("aud") not in {*AUDIENCES, f"{url}/token"}:
            raise refusals.oauth("invalid_grant", "Invalid JWT: Failed audience check.")
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            raise refusals.oauth("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        email = str(claims.get("sub", account.email))
        if email != account.email:
            self._check_user(email)
            if not scopes <= set(account.scopes):
                raise refusals.oauth("unauthorized_client", _UNAUTHORIZED, 401)
        elif email not in self._drive.people.users:
            self._drive.create_user(email)
        return email, scopes

    def _verified(self, assertion: str) -> tuple[ServiceAccount, Mapping[str, Any]]:
        """Whose it is and what it says. By the key its header names; by any of the account's, where it names none."""
        try:
            key_id = jwt.get_unverified_header(assertion).get("kid")
            issuer = str(jwt.decode(assertion, options={"verify_signature": False}).get("iss", ""))
        except jwt.InvalidTokenError as error:
            raise refusals.oauth("invalid_grant", "Invalid JWT: it cannot be read.") from error
        account = self.accounts.get(issuer)
        if account is None:
            raise refusals.oauth("invalid_grant", "Invalid grant: account not found")
        for name, key in account.keys.items():
            if key_id in {None, name}:
                try:
                    return account, jwt.decode(assertion, key, algorithms=["RS256"], options=_ONLY_SIGNATURE)
                except (jwt.InvalidTokenError, jwt.InvalidKeyError):
                    continue
        raise refusals.oauth("invalid_grant", "Invalid JWT Signature.")

    def _check_user(self, email: str) -> None:
        user = self._drive.people.users.get(email)
        if user is None:
            raise refusals.oauth("invalid_grant", "Invalid email or User ID")
        if not user.is_active:
            raise refusals.oauth("invalid_grant", "Account has been deleted" if user.is_deleted else "Account is suspended")
