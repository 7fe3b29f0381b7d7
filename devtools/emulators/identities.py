"""Whom a stand-in lets in by a token: the check a service of Azure makes of every one, against the local issuer's keys.

Keys are read from the issuer's folder, and again when a token names one that was not there. Lacks: roles by operation and by scope. Who is
let in may do everything that an identity can, like one with the data roles of the whole account.
"""

import argparse
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from devtools.issuer.identities import TRUSTED_ISSUER
from devtools.issuer.signing_keys import ALGORITHM, keys_in

REQUIRED: Final = ("exp", "nbf", "iss", "aud", "oid")


class TokenInvalid(Exception):
    """The token is none of ours, or is over. The text says why, in a sentence."""


class PrincipalUnknown(Exception):
    """The token is good, and whoever has it was given no role here."""


@dataclass(frozen=True)
class Entry:
    """Who was let in, and until when, in seconds since the epoch."""

    principal: str
    until: int


@dataclass(frozen=True)
class Identities:
    """Who may come in.

    Attributes:
        issuer: the folder of the local issuer; None takes a token at its word and looks at what it says alone.
        principals: the object ids of those who have a role here; None lets in everybody whose token is good.
        now: seconds since the epoch.
    """

    issuer: Path | None = None
    principals: Collection[str] | None = None
    now: Callable[[], float] = time.time
    _keys: dict[str, RSAPublicKey] = field(default_factory=dict, repr=False)

    def entry(self, token: str, *, audiences: Collection[str]) -> Entry:
        """Who shows this token, which must be for one of ``audiences``, whether or not they end with a slash.

        Raises:
            TokenInvalid, PrincipalUnknown: see there.
        """
        said = self._said(token)
        missing = [name for name in REQUIRED if name not in said]
        if missing:
            raise TokenInvalid(f"The token lacks {', '.join(missing)}.")
        if said["iss"] != TRUSTED_ISSUER:
            raise TokenInvalid("The token's issuer is not trusted.")
        if str(said["aud"]).rstrip("/") not in {audience.rstrip("/") for audience in audiences}:
            raise TokenInvalid(f"The token is for '{said['aud']}', not for this service.")
        now, begins, ends = self.now(), _moment(said["nbf"]), _moment(said["exp"])
        if now < begins:
            raise TokenInvalid("The token is not valid yet.")
        if now >= ends:
            raise TokenInvalid("The token has expired.")
        if self.principals is not None and said["oid"] not in self.principals:
            raise PrincipalUnknown(f"The principal '{said['oid']}' has no role here.")
        return Entry(str(said["oid"]), ends)

    def _said(self, token: str) -> dict[str, Any]:
        """The claims, once the signature is right. Times are looked at by our clock, not by the library's."""
        checks = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_sub": False}
        options: Any = {"verify_signature": self.issuer is not None, **checks}
        try:
            key = None if self.issuer is None else self._key(jwt.get_unverified_header(token).get("kid"), self.issuer)
            said: dict[str, Any] = jwt.decode(token, key or "", algorithms=[ALGORITHM], options=options)
        except jwt.InvalidTokenError as error:
            raise TokenInvalid(f"The token cannot be trusted: {error}.") from None
        return said

    def _key(self, kid: object, issuer: Path) -> RSAPublicKey:
        if kid not in self._keys:
            self._keys.update({key.kid: key.private.public_key() for key in keys_in(issuer)})
        if not isinstance(kid, str) or kid not in self._keys:
            raise TokenInvalid("The token's key is unknown.")
        return self._keys[kid]


def _moment(value: object) -> int:
    if not isinstance(value, int | float):
        raise TokenInvalid("The token's times are no numbers.")
    return int(value)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a stand-in that can be told to take tokens instead of keys."""
    parser.add_argument("--aad", action="store_true", help="TLS with a certificate of its own, and tokens instead of keys")
    parser.add_argument("--issuer", type=Path, metavar="DIR", help="with --aad: check tokens with the keys of the issuer in this folder")
    parser.add_argument(
        "--principal", action="append", metavar="ID", help="with --aad: let in who has this object id; may be repeated (default: everybody)"
    )
    parser.add_argument("--certificate", type=Path, metavar="DIR", help="with --aad: keep the certificate here (default: with the data)")


def identities_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Identities | None:
    """What these options ask for; None where it is keys.

    Raises:
        SystemExit: it is keys, and something is said about identities.
    """
    if not options.aad and (options.issuer or options.principal or options.certificate):
        parser.error("--issuer, --principal and --certificate need --aad")
    return Identities(options.issuer, None if options.principal is None else frozenset(options.principal)) if options.aad else None
