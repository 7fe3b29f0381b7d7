"""What Google gives people to log in with, read from files and checked: a service account's key, an OAuth client's secret, a token.

Nothing of a file's content is in an error: only which file, and what is wrong with it.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from ops.refusals import Misused

_DOMAIN: Final = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_NUMBER: Final = re.compile(r"[0-9]{5,30}")
_MOST_CHARACTERS: Final = 64 * 1024
_LONGEST_ADDRESS: Final = 254
MOST_OF_AN_ERROR: Final = 80
"""Characters of what was typed that are said again."""


@dataclass(frozen=True)
class ServiceKey:
    """A key of a service account."""

    email: str
    client_id: str
    """The number that an administrator delegates to."""
    key_id: str
    """Which of its keys: the console lists them by this."""
    secret: SecretStr
    """The file's JSON in one line."""


@dataclass(frozen=True)
class ClientSecret:
    """An OAuth client's."""

    client_id: str | None
    """None: the file does not say."""
    secret: str


def service_key_in(file: Path) -> ServiceKey:
    """The key in a file as the Cloud console gives it (IAM, service accounts, keys, JSON).

    Raises:
        Misused: it is no such file, or its key is no RSA key.
    """
    document = _json_in(file)
    if document is None or document.get("type") != "service_account":
        raise Misused(f"{file}: not a service account's key as the Cloud console gives it (JSON with type service_account)")
    names = ("client_email", "client_id", "private_key_id", "private_key")
    missing = [name for name in names if not isinstance(document.get(name), str) or not document[name]]
    if missing:
        raise Misused(f"{file}: without {', '.join(missing)}")
    if not _NUMBER.fullmatch(document["client_id"]):
        raise Misused(f"{file}: client_id is no number")
    try:
        key = load_pem_private_key(document["private_key"].encode(), password=None)
    except (ValueError, TypeError) as error:  # TypeError: it is protected by a password
        raise Misused(f"{file}: no private key can be read in it ({type(error).__name__})") from None
    if not isinstance(key, RSAPrivateKey):
        raise Misused(f"{file}: not an RSA key, and Google gives no other")
    secret = SecretStr(json.dumps(document, separators=(",", ":")))
    return ServiceKey(document["client_email"].lower(), document["client_id"], document["private_key_id"], secret)


def client_secret_in(file: Path) -> ClientSecret:
    """The secret in a file: one line, or the JSON that the Cloud console gives for an OAuth client.

    Raises:
        Misused: it is neither.
    """
    document = _json_in(file)
    if document is None:
        return ClientSecret(None, _line_in(file, "a client secret"))
    client = next((document[kind] for kind in ("installed", "web") if isinstance(document.get(kind), dict)), document)
    secret, client_id = client.get("client_secret"), client.get("client_id")
    if not isinstance(secret, str) or not secret:
        raise Misused(f"{file}: without client_secret")
    return ClientSecret(client_id if isinstance(client_id, str) else None, secret)


def refresh_token_in(file: Path) -> str:
    """The token in a file: one line, or JSON with ``refresh_token``, as Google's own tools keep it.

    Raises:
        Misused: it is neither.
    """
    document = _json_in(file)
    if document is None:
        return _line_in(file, "a refresh token")
    token = document.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise Misused(f"{file}: without refresh_token")
    return token


def addresses_in(file: Path) -> list[str]:
    """The lines of a file that are neither empty nor begin with ``#``.

    Raises:
        Misused: it cannot be read.
    """
    lines = (line.strip() for line in _text_in(file).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def check_domain(text: str) -> str:
    """A domain, without capitals."""
    found = text.strip().lower()
    if not _DOMAIN.fullmatch(found):
        raise ValueError("not a domain such as acme.example")
    return found


def check_address(text: str) -> str:
    """An e-mail address, without capitals."""
    found = text.strip().lower()
    name, at, domain = found.rpartition("@")
    if not at or not name or not _DOMAIN.fullmatch(domain) or re.search(r"[\s,;<>\"@:/]", name) or len(found) > _LONGEST_ADDRESS:
        raise ValueError(f"{text.strip()[:MOST_OF_AN_ERROR]!r} is not an address such as ada@acme.example")
    return found


def check_addresses(text: str) -> str:
    """Addresses with blanks or commas between them: with one blank between them."""
    found = [check_address(word) for word in re.split(r"[\s,;]+", text.strip()) if word]
    if not found:
        raise ValueError("at least one address is needed")
    return " ".join(dict.fromkeys(found))


def _json_in(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(_text_in(file))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _line_in(file: Path, what: str) -> str:
    text = _text_in(file).strip()
    if not text or "\n" in text:
        raise Misused(f"{file}: {what} is one line, or the JSON that Google gives")
    return text


def _text_in(file: Path) -> str:
    try:
        with file.open(encoding="utf-8-sig") as opened:
            return opened.read(_MOST_CHARACTERS)
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file}: cannot be read ({type(error).__name__})") from None
