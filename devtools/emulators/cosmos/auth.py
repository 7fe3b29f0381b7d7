"""The signature of a request under the account's key.

Surprising: a request addressed by resource ids signs only the last id, in lower case; one addressed by names signs the whole path as it is.
A bearer token is taken at its word: there is no directory here to ask. The age of `x-ms-date` is not checked.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, unquote

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.rids import decoded
from devtools.emulators.cosmos.wire import Request

PARTITION_KEY_DELETE = ("operations", "partitionkeydelete")


def verify(request: Request, key: str) -> None:
    """Refuse with 401 a request that the holder of `key` (base64) did not sign."""
    fields = parse_qs(unquote(request.headers.get("Authorization", "")).replace("+", "%2B"))
    if fields.get("type") == ["aad"] and fields.get("sig"):
        return
    date = request.headers.get("x-ms-date", "")
    given = fields.get("sig", [""])[0]
    if not date or not hmac.compare_digest(given.encode(), signature(request.method, request.segments, date, key).encode()):
        raise RefusedError(401, "The input authorization token can't serve the request: it was not signed with this account's key.")


def signature(method: str, segments: tuple[str, ...], date: str, key: str) -> str:
    """The base64 HMAC-SHA256 a client sends (Azure documentation, access control on Cosmos DB resources)."""
    kind, link = signed_resource(segments)
    text = f"{method.lower()}\n{kind.lower()}\n{link}\n{date.lower()}\n\n"
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


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
