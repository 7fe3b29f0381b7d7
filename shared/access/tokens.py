"""Who calls our API: a bearer token, checked, becomes a tenant and principals.

What is surprising: an e-mail address in a token is worth nothing by itself. In Microsoft Entra ID ``email`` and ``preferred_username`` are
what a user, or the administrator of any tenant, wrote there: nobody need own the address, it changes, and somebody else gets it later, so
one tenant's user can name another's (Microsoft's documentation, "Migrate away from using email claims for user identification or
authorization" and "Secure applications and APIs by validating claims"). The address counts here when the issuer says that it is verified
(``email_verified`` of OpenID Connect, "Standard Claims"; Entra's optional ``xms_edov``), and within the tenant that the same token names.

Groups are not here: a token lists them by ids of the issuer, our lists hold them by ids of the sources. A directory expands the caller by
the verified address (``shared/access/directory.py``), where what is asked needs it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import jwt
from jwt.exceptions import InvalidAlgorithmError, InvalidAudienceError, InvalidIssuerError, InvalidSignatureError, PyJWTError
from jwt.exceptions import MissingRequiredClaimError as MissingClaimError
from jwt.types import Options
from pydantic import TypeAdapter, ValidationError

from shared.access.acl import ADMINS, TENANT, Principal, domain, user
from shared.access.keys import ALGORITHMS, Keys
from shared.contracts.message import Identifier
from shared.contracts.rejected import UNKNOWN_TENANT
from shared.errors import ConfigurationError, TokenRefused

LEEWAY_SECONDS: Final = 60.0
"""How far the issuer's clock and ours may be apart."""
MAX_CHARACTERS: Final = 16 * 1024
"""A longer header is not read. Entra's largest tokens, with 200 groups, stay below."""

NAMELESS: Final = "somebody of the tenant"
"""Whoever has neither an address nor a name."""

_COMPACT: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""RFC 7515, compact serialization, without padding."""
_ADDRESS: Final = re.compile(r"[!-~]{1,64}@[!-~]{1,255}")
"""ASCII alone: beyond it, addresses of different owners have one case-folded form (``straße.de`` and ``strasse.de``)."""
_SUBJECT: Final = re.compile(r"[ -~]{1,255}")
"""OpenID Connect, section 2: at most 255 ASCII characters."""
_TRUE: Final = (True, "true", "1")
"""Documented is a boolean; Entra has been seen to send ``xms_edov`` as text, and others ``email_verified``."""
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999
_TENANT_ID: Final = TypeAdapter[str](Identifier)

_OPTIONS: Final[Options] = {
    "verify_exp": False,  # times are checked below: the library reads the wall clock, and lets a token without exp pass
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,  # only written down: one that is no text is none
    "verify_jti": False,
}
_REFUSALS: Final[tuple[tuple[type[PyJWTError], str], ...]] = (
    (InvalidSignatureError, "the token's signature is wrong"),
    (InvalidAlgorithmError, "the token's algorithm is not its key's"),
    (InvalidIssuerError, "the token's issuer is not ours"),
    (InvalidAudienceError, "the token's audience is not us"),
    (MissingClaimError, "the token names no issuer or no audience"),
    (PyJWTError, "the token cannot be read"),
)
"""The library's words and ours; the first that fits counts."""


@dataclass(frozen=True)
class Caller:
    """Who calls: one tenant's, with everything an access list may name them by."""

    tenant_id: str
    principals: frozenset[Principal]
    email: str | None = None
    """The address the issuer has verified, in lower case."""
    subject: str | None = None
    """The issuer's own name for who calls, kept with what they decide; never compared with anything."""

    @property
    def name(self) -> str:
        """What is written down of whoever decides something: the address, where nobody vouches for one the issuer's name for them."""
        return self.email or self.subject or NAMELESS


@dataclass(frozen=True)
class ClaimNames:
    """Which claim says what, and what makes an admin."""

    tenant: str = "tid"
    email: str = "email"
    verified: tuple[str, ...] = ("email_verified", "xms_edov")
    """One of these has to be true, and none present may be anything else."""
    roles: str = "roles"
    subjects: tuple[str, ...] = ("oid", "sub")
    """The first that is there: Entra's ``sub`` is another for each app, ``oid`` is what its directory shows."""
    admin_role: str = "Shardline.Admin"


class TokenCheck:
    """Checks bearer tokens of one issuer for one audience."""

    def __init__(self, *, issuer: str, audience: str, keys: Keys, claims: ClaimNames | None = None, now: Callable[[], datetime]) -> None:
        if not issuer or not audience:
            raise ConfigurationError("a token check needs an issuer and an audience: without one it would let any token pass")
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._names = claims or ClaimNames()
        self._now = now

    async def caller(self, authorization: str | None) -> Caller:
        """Who presents this ``Authorization`` header.

        Raises:
            TokenRefused: naming the check that failed, and nothing of the token.
            DependencyUnavailable: when the issuer's keys are not known and cannot be read.
        """
        token = _token_in(authorization)
        key = await self._keys.key(_key_id_of(token))
        if key is None:
            raise TokenRefused("the token's key is unknown")
        try:
            claims = jwt.decode(token, key, ALGORITHMS, _OPTIONS, audience=self._audience, issuer=self._issuer)
        except PyJWTError as error:
            raise TokenRefused(next(text for kind, text in _REFUSALS if isinstance(error, kind))) from None
        self._check_times(claims)
        email = _verified_email_in(claims, self._names)
        principals = frozenset(_principals_in(claims, self._names, email))
        return Caller(_tenant_id_in(claims, self._names), principals, email, _subject_in(claims, self._names))

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._now().timestamp()
        expires_at = _seconds_in(claims, "exp")
        if expires_at is None:
            raise TokenRefused("the token has no expiry")
        if now >= expires_at + LEEWAY_SECONDS:
            raise TokenRefused("the token has expired")
        for name in ("nbf", "iat"):
            begins_at = _seconds_in(claims, name)
            if begins_at is not None and now < begins_at - LEEWAY_SECONDS:
                raise TokenRefused("the token is not yet valid")


def _token_in(authorization: str | None) -> str:
    if not authorization:
        raise TokenRefused("the call has no Authorization header")
    if len(authorization) > MAX_CHARACTERS:
        raise TokenRefused("the token is too long")
    scheme, _, token = authorization.strip(" ").partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefused("the Authorization header is not a bearer token's")
    token = token.lstrip(" ")
    if not _COMPACT.fullmatch(token):
        raise TokenRefused("the token cannot be read")
    return token


def _key_id_of(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except PyJWTError:
        raise TokenRefused("the token cannot be read") from None
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("the token's algorithm is not allowed")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenRefused("the token names no key")
    return kid


def _seconds_in(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519, section 2). JSON as Python reads it also has NaN, infinity and numbers of any length."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise TokenRefused(f"the token's {name} is not a time")
    return float(value)


def _tenant_id_in(claims: Mapping[str, Any], names: ClaimNames) -> str:
    try:
        tenant_id = _TENANT_ID.validate_python(claims.get(names.tenant))
    except ValidationError:
        raise TokenRefused("the token names no tenant") from None
    if tenant_id == UNKNOWN_TENANT:
        raise TokenRefused("the token names no tenant")
    return tenant_id


def _principals_in(claims: Mapping[str, Any], names: ClaimNames, email: str | None) -> Iterator[Principal]:
    yield TENANT
    roles = claims.get(names.roles)
    if isinstance(roles, list) and names.admin_role in roles:  # a text would be searched for parts
        yield ADMINS
    if email is not None:
        yield user(email)
        yield domain(email.rpartition("@")[2])


def _subject_in(claims: Mapping[str, Any], names: ClaimNames) -> str | None:
    given = (claims.get(name) for name in names.subjects)
    return next((said for said in given if isinstance(said, str) and _SUBJECT.fullmatch(said)), None)


def _verified_email_in(claims: Mapping[str, Any], names: ClaimNames) -> str | None:
    """The address, as principals write it; None when nobody vouches for it: somebody of the tenant, without a name."""
    email = claims.get(names.email)
    said = [claims[name] for name in names.verified if name in claims]
    if not isinstance(email, str) or not _ADDRESS.fullmatch(email) or not said or any(value not in _TRUE for value in said):
        return None
    try:
        address = user(email).removeprefix("user:")
        domain(address.rpartition("@")[2])
    except ValueError:  # not an address after all
        return None
    return address
