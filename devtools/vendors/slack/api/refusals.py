"""What the Web API refuses, and in which words: nearly always HTTP 200 with ``{"ok": false, "error": …}``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PAGE: Final = "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Something went wrong on our end.</body></html>"
BY_STATUS: Final = {
    400: "invalid_arguments",
    401: "invalid_auth",
    403: "access_denied",
    404: "channel_not_found",
    408: "request_timeout",
    429: "ratelimited",
    500: "internal_error",
    503: "service_unavailable",
}
"""The error of a planned refusal that names none; ``fatal_error`` for all the others."""


@dataclass(frozen=True)
class Refused(Exception):
    """An answer other than the one that was asked for."""

    error: str
    status: int = 200
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.more}


def missing_scope(needed: str, provided: str) -> Refused:
    return Refused("missing_scope", more={"needed": needed, "provided": provided})


def missing_argument(name: str) -> Refused:
    messages = [f"[ERROR] missing required field: {name}"]
    return Refused("missing_argument", more={"response_metadata": {"messages": messages}})


def rate_limited(retry_after_seconds: int) -> Refused:
    return Refused("ratelimited", 429, headers={"Retry-After": str(retry_after_seconds)})
