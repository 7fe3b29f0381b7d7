"""The signature of a request under the account's key.

Surprising: a request addressed by resource ids signs only the last id, in lower case; one addressed by names signs the whole path as it
is. A bearer token is checked where the stand-in is told who may come in, and taken at its word elsewhere; who is let in has every role.
What no role allows is refused, though: an identity works with items and reads what they are kept in, but makes, changes and deletes
neither databases nor containers nor their throughput. The age of `x-ms-date` is not checked.
"""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qs, unquote

from devtools.emulators.cosmos.refusals import NO_ROLE, NOT_FOR_TOKENS, RefusedError
from devtools.emulators.cosmos.rids import decoded
from devtools.emulators.cosmos.wire import Request
from devtools.emulators.identities import Identities, PrincipalUnknown, TokenInvalid

CONTAINER_PATH: Final = ("dbs", "*", "colls", "*")
AUDIENCES: Final = ("https://127.0.0.1", "https://localhost", "https://cosmos.azure.com")
"""A client asks for a token for the account's own host and, where the directory does not know that, for all of Cosmos DB."""
PARTITION_KEY_DELETE: Final = ("operations", "partitionkeydelete")


def verify(request: Request, key: str | None, identities: Identities | None = None) -> None:
    """Refuse with 401 a request that the holder of `key` (base64) did not sign and that has no token; without a key only tokens are taken.

    Also refuses with 403 what an identity may not do, however much it is allowed to, and who has no role among `identities`.
    """
    fields = parse_qs(unquote(request.headers.get("Authorization", "")).replace("+", "%2B"))
    if fields.get("type") == ["aad"] and fields.get("sig"):
        if identities is not None:
            _check_token(fields["sig"][0], identities)
        _check_data_plane(request)
        return
    if key is None:
        raise RefusedError(401, "Local Authorization is disabled. Use an AAD token to authorize all requests.")
    date = request.headers.get("x-ms-date", "")
    given = fields.get("sig", [""])[0]
    if not date or not hmac.compare_digest(given.encode(errors="replace"), signature(request.method, request.segments, date, key).encode()):
        raise RefusedError(401, "The input authorization token can't serve the request: it was not signed with this account's key.")


def _check_token(token: str, identities: Identities) -> None:
    """401 for a token that is wrong or over, 403/5301 for somebody without a role."""
    try:
        identities.entry(token, audiences=AUDIENCES)
    except TokenInvalid as refusal:
        raise RefusedError(401, f"The input authorization token can't serve the request. {refusal}") from None
    except PrincipalUnknown as refusal:
        message = f"Request blocked by Auth local : {refusal} It does not have the required RBAC permissions to perform any action."
        raise RefusedError(403, message, substatus=NO_ROLE) from None


def _check_data_plane(request: Request) -> None:
    """403/5300 for a change of the account's structure, which is made through Azure Resource Manager."""
    kind = request.segments[0] if request.segments else ""
    is_item = kind == "dbs" and len(request.segments) > len(CONTAINER_PATH)
    if request.method == "GET" or is_item or request.flag("x-ms-documentdb-isquery") or (request.method, kind) == ("POST", "offers"):
        return
    call = f"{request.method} /{'/'.join(request.segments)}"
    message = f"Request blocked by Auth local : The given request [{call}] cannot be authorized by AAD token in data plane."
    raise RefusedError(403, message, substatus=NOT_FOR_TOKENS)


def signature(method: str, segments: tuple[str, ...], date: str, key: str) -> str:
    """The base64 HMAC-SHA256 a client sends (Azure documentation, access control on Cosmos DB resources)."""
    kind, link = signed_resource(segments)
    text = f"{method.lower()}\n{kind.lower()}\n{link}\n{date.lower()}\n\n"
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(errors="replace"), hashlib.sha256).digest()).decode()


def signed_resource(segments: tuple[str, ...]) -> tuple[str, str]:
    """The resource type and the link that are signed for a path."""
    if not segments:
        return "", ""
    if segments[-2:] == PARTITION_KEY_DELETE:
        segments = segments[:-2]
    is_feed = len(segments) % 2 == 1
    kind, owner = (segments[-1], segments[:-1]) if is_feed else (segments[-2], segments)
    if owner and (owner[0] == "offers" or _is_database_rid(owner[1])):
        return kind, owner[-1].lower()
    return kind, "/".join(owner)


def _is_database_rid(segment: str) -> bool:
    raw = decoded(segment) if len(segment) == 8 else None
    return raw is not None and len(raw) == 4
