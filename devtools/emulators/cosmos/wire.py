"""A request and an answer, free of the HTTP library, and JSON as the service reads and writes it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn, Self
from urllib.parse import unquote

from devtools.emulators.cosmos.refusals import RefusedError

THROTTLED_STATUS: Final = 429


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `headers` ignores case; `segments` are decoded one by one, so an encoded slash stays inside its id."""

    method: str
    segments: tuple[str, ...]
    headers: Mapping[str, str]
    body: bytes
    endpoint: str

    def flag(self, name: str) -> bool:
        """A header that means yes. The client writes Python's `True`, but `true` for queries."""
        return self.headers.get(name, "").lower() == "true"

    def json(self) -> Any:
        """The body, decoded; 400 when it is not JSON."""
        return decode(self.body)

    def object(self) -> dict[str, Any]:
        """The body, which must be a JSON object; 400 otherwise."""
        body = self.json()
        if not isinstance(body, dict):
            raise RefusedError(400, "The request body must be a JSON object.")
        return body


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `charge` is in request units and goes into its header when the answer is written."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    charge: float = 1.0

    @classmethod
    def of(cls, status: int, body: object, *, headers: Mapping[str, str] | None = None, charge: float = 1.0) -> Self:
        """An answer whose body is `body` as JSON."""
        return cls(status, encode(body), headers or {}, charge)

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """The same answer; its own headers win over the added ones."""
        return replace(self, headers={**headers, **self.headers})


def feed(rid: str, rows: Sequence[bytes], headers: Mapping[str, str], charge: float) -> Reply:
    """A page of a container's items, which are JSON already."""
    head = b'{"_rid":' + encode(rid) + b',"Documents":['
    tail = b'],"_count":' + str(len(rows)).encode() + b"}"
    return Reply(200, head + b",".join(rows) + tail, {"x-ms-item-count": str(len(rows)), **headers}, charge)


def refusal(error: RefusedError) -> Reply:
    """The answer for a refused request."""
    headers = {} if error.substatus is None else {"x-ms-substatus": str(error.substatus)}
    if error.retry_after_milliseconds is not None:
        headers["x-ms-retry-after-ms"] = str(error.retry_after_milliseconds)
    charge = 0.0 if error.status == THROTTLED_STATUS else 1.0  # what was not let in costs nothing: invented, it costs a little there
    message = error.message.encode(errors="replace").decode()  # it may quote a name that is no text
    return Reply.of(error.status, {"code": error.code, "message": message}, headers=headers, charge=charge)


def segments_of(raw_path: str) -> tuple[str, ...]:
    """The path of a request line in parts; most paths end in a slash, some do not."""
    path = raw_path.partition("?")[0].strip("/")
    return tuple(unquote(part) for part in path.split("/")) if path else ()


def decode(body: bytes) -> Any:
    """JSON from bytes; NaN and Infinity, which Python would accept, are refused."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RefusedError(400, "The input content is invalid because it is not JSON.") from None


def encode(body: object) -> bytes:
    """Compact JSON in UTF-8."""
    try:
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise RefusedError(400, "The input content is invalid: a number beyond a double, or half of a surrogate pair.") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
