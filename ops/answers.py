"""What ``connections add`` is told: by options, or by answers at a terminal; each checked, and all that is wrong said at once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr, TypeAdapter, ValidationError

from ingestion.sources.salesforce.webhook import MAX_KEY_CHARACTERS, MIN_KEY_CHARACTERS
from ops.refusals import Misused
from shared.contracts.message import Identifier
from shared.contracts.rejected import UNKNOWN_TENANT
from shared.conversions.identifiers import salesforce_id

TRIES: Final = 3
_IDENTIFIER: Final = TypeAdapter[str](Identifier)
_KEY: Final = re.compile(rf"[A-Za-z0-9_-]{{{MIN_KEY_CHARACTERS},{MAX_KEY_CHARACTERS}}}")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

Check = Callable[[str], str]
"""Gives what is to be stored; raises ValueError, whose text says what is wrong."""


class Answers:
    """Options first; a question for what is missing, where there is somebody to ask."""

    def __init__(self, ask: Callable[[str], str] | None) -> None:
        self._ask = ask
        self.has_asked = False
        """Whether somebody was asked anything."""
        self._missing: list[str] = []
        self._wrong: list[str] = []

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody to ask."""
        return self._ask is not None

    def take(self, option: str, given: str | None, question: str, check: Check) -> str:
        """The checked value; empty where there is none, which ``check`` reports."""
        if given is not None:
            return self._checked(option, given, check)
        if self._ask is None:
            self._missing.append(option)
            return ""
        self.has_asked = True
        for _ in range(TRIES):
            try:
                return check(self._ask(question))
            except ValueError as error:
                question = f"{error}; {question.partition('; ')[2] or question}"
        raise Misused(f"{option}: no usable answer")

    def check(self) -> None:
        """See that nothing was missing or wrong so far.

        Raises:
            Misused: naming all of it.
        """
        said = [f"missing: {', '.join(self._missing)}"] if self._missing else []
        if said or self._wrong:
            raise Misused("; ".join([*said, *self._wrong]))

    def _checked(self, option: str, given: str, check: Check) -> str:
        try:
            return check(given)
        except ValueError as error:
            self._wrong.append(f"{option}: {error}")
            return ""


def check_text(text: str) -> str:
    """A name without white space around it."""
    try:
        found = _IDENTIFIER.validate_python(text.strip())
    except ValidationError:
        raise ValueError("it is empty or too long") from None
    if found == UNKNOWN_TENANT:
        raise ValueError("this word is reserved")
    return found


def check_organization(text: str) -> str:
    """The id of an organization, in 18 characters."""
    return _salesforce_id(text, "00D", "an organization's id")


def check_action(text: str) -> str:
    """The id of an outbound message's action, in 18 characters."""
    return _salesforce_id(text, "04k", "an outbound message's id")


def check_url(text: str) -> str:
    """An address without a path. Plain HTTP is for this machine alone: a secret goes there."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.path.strip("/"):
        raise ValueError("not an address such as https://acme.example")
    if parts.username is not None or (parts.scheme == "http" and parts.hostname not in _LOOPBACK):
        raise ValueError("not an https address without a user's name")
    return f"{parts.scheme}://{parts.netloc}"


def check_key(text: str) -> str:
    """A key that can stand in a webhook's address."""
    if not _KEY.fullmatch(text):
        raise ValueError(f"a key has {MIN_KEY_CHARACTERS} to {MAX_KEY_CHARACTERS} letters, digits, - and _")
    return text


def check_private_key(file: Path) -> SecretStr:
    """The RSA key in a file.

    Raises:
        Misused: it holds none, or one that a password protects.
    """
    try:
        text = file.read_text(encoding="ascii")
        key = load_pem_private_key(text.encode(), password=None)
    except (OSError, ValueError, TypeError) as error:  # TypeError: it is protected by a password
        raise Misused(f"{file}: no private key can be read ({type(error).__name__})") from None
    if not isinstance(key, RSAPrivateKey):
        raise Misused(f"{file}: not an RSA key, and Salesforce takes no other")
    return SecretStr(text)


def _salesforce_id(text: str, prefix: str, what: str) -> str:
    try:
        found = salesforce_id(text)
    except ValueError as error:
        raise ValueError(f"{what} is expected: {error}") from None
    if not found.startswith(prefix):
        raise ValueError(f"{what} begins with {prefix}")
    return found
