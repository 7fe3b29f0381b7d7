"""Shared access signatures: the check Azure makes of every token, with the emulator's one well-known key.

Azure documentation, "Service Bus access control with Shared Access Signatures".
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, quote_plus

from devtools.emulators.servicebus.refusals import unauthorized

SCHEME = "SharedAccessSignature"
KEY_NAME, KEY = "RootManageSharedAccessKey", "SAS_KEY_VALUE"  # the official emulator's; not a secret


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was checked. `audience` is what it was signed for: `sb://host/entity`, or `sb://host/` for the whole namespace."""

    audience: str
    until_ms: int


def check_token(token: str, *, now_ms: int) -> Token:
    """What a token opens. Raises RefusedError (401) unless it is signed with the key and not over."""
    scheme, _, query = token.partition(" ")
    if scheme != SCHEME:
        raise unauthorized("Only shared access signatures are accepted by this local Service Bus, not other kinds of token.")
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if missing := {"sr", "sig", "se", "skn"} - fields.keys():
        raise unauthorized(f"The token lacks {', '.join(sorted(missing))}.")
    if fields["skn"] != KEY_NAME:
        raise unauthorized(f"There is no key named '{fields['skn']}'; the only one is {KEY_NAME}.")
    signed = f"{quote_plus(fields['sr'])}\n{fields['se']}".encode()
    expected = base64.b64encode(hmac.digest(KEY.encode(), signed, hashlib.sha256)).decode()
    if not hmac.compare_digest(expected.encode(), fields["sig"].encode()):
        raise unauthorized("The token's signature is wrong: it was not made with this local Service Bus's key.")
    until_ms = int(fields["se"]) * 1000 if fields["se"].isdecimal() else 0
    if until_ms <= now_ms:
        raise unauthorized("The token has expired.")
    return Token(fields["sr"], until_ms)
