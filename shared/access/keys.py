"""The issuer's public keys, remembered.

A token names the key that signed it (``kid``), and whoever calls may name any. So the set is asked for again when a key is unknown, for an
issuer may have rotated, but not more often than every 30 s: a flood of forged names is one fetch. A key that the issuer withdrew is gone
within 10 minutes; while the issuer does not answer, what was known goes on being believed, for an outage of the issuer must not be ours.
"""

import asyncio
import logging
from asyncio import Task
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from jwt import PyJWK
from jwt.exceptions import PyJWTError
from typing_extensions import override

from shared.errors import ContractViolation, DependencyUnavailable, PipelineError

_log = logging.getLogger(__name__)

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
"""How a token may be signed. Never a symmetric one: its key would be a published one, and everybody could sign."""
KNOWN_FOR: Final = timedelta(minutes=10)
"""How long a set is believed without asking again."""
UNKNOWN_KEY_PAUSE: Final = timedelta(seconds=30)
"""Between two fetches while there is a set."""
NO_KEYS_PAUSE: Final = timedelta(seconds=1)
"""Between two fetches while there is none: nobody can be let in, so it is asked soon, and still not once per call."""

JwksFetch = Callable[[], Awaitable[Mapping[str, Any]]]
"""Reads the issuer's JSON Web Key Set. It has a time limit of its own, and raises our errors."""


class Keys(Protocol):
    """Who says which key a name stands for."""

    async def key(self, kid: str) -> PyJWK | None:
        """The public key of this name; None when the issuer has no such key.

        Raises:
            DependencyUnavailable: when no key at all is known, because the issuer cannot be asked.
        """


class JwksKeys(Keys):
    """The keys of one issuer. Callers who come while a fetch is under way wait for that one."""

    def __init__(self, fetch: JwksFetch, *, now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._now = now
        self._keys: dict[str, PyJWK] = {}
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._reading: Task[None] | None = None
        self._failure = ""

    @override
    async def key(self, kid: str) -> PyJWK | None:
        if kid not in self._keys and self._is_fresh():
            await self._read_again()
        await self.check()
        return self._keys.get(kid)

    async def check(self) -> None:
        """See that tokens can be checked: that at least one key is known, by asking the issuer if need be.

        Raises:
            DependencyUnavailable: none is, and the issuer cannot be asked.
        """
        if not self._is_fresh():
            await self._read_again()
        if self._read_at is None:
            raise DependencyUnavailable(f"the issuer's keys cannot be read ({self._failure})")

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._now() < self._read_at + KNOWN_FOR

    async def _read_again(self) -> None:
        if self._reading is None:
            pause = NO_KEYS_PAUSE if self._read_at is None else UNKNOWN_KEY_PAUSE
            if self._asked_at is not None and self._now() < self._asked_at + pause:
                return
            self._asked_at = self._now()
            self._reading = asyncio.create_task(self._read())
        await asyncio.shield(self._reading)  # a caller who goes away must not take the fetch from the others

    async def _read(self) -> None:
        try:
            self._keys = read_keys(await self._fetch())
            self._read_at = self._now()
        except PipelineError as error:
            self._failure = type(error).__name__
            _log.warning("the issuer's keys could not be read", extra={"error": self._failure, "known_keys": len(self._keys)})
        finally:
            self._reading = None


def read_keys(jwks: Mapping[str, Any]) -> dict[str, PyJWK]:
    """The usable keys of a set by their names. What cannot verify (RFC 7517: unknown kinds, keys for encryption) is left out.

    Raises:
        ContractViolation: when none is left: an answer without keys is an issuer's mistake, not its wish to refuse everybody.
    """
    listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
    keys = dict(_usable(listed if isinstance(listed, list) else []))
    if not keys:
        raise ContractViolation("the issuer's key set has no usable key")
    return keys


def _usable(listed: list[Any]) -> Iterator[tuple[str, PyJWK]]:
    for entry in listed:
        if not isinstance(entry, dict) or not _may_verify(entry):
            continue
        try:
            key = PyJWK(entry)
        except (PyJWTError, TypeError, ValueError):  # the last two for members of the wrong kind, which the library does not expect
            continue
        if key.algorithm_name in ALGORITHMS and key.Algorithm.check_key_length(key.key) is None:
            yield entry["kid"], key


def _may_verify(entry: Mapping[str, Any]) -> bool:
    """Entra's keys say no ``alg``: then it follows from the key."""
    is_ours = isinstance(entry.get("kid"), str) and entry.get("use", "sig") == "sig"
    return is_ours and entry.get("kty") in ("RSA", "EC") and entry.get("alg", ALGORITHMS[0]) in ALGORITHMS
