"""Azure Resource Manager over plain HTTP: a request, what it answers in the end, and why it refuses.

What takes long is answered with an address to ask again ("Track asynchronous Azure operations" of the Azure documentation): that of
``Azure-AsyncOperation``, which tells a status, or else of ``Location``, which goes on answering 202. ``Retry-After`` says when. Tokens go
to Resource Manager's own address alone, whatever address an answer names.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from ops.refusals import Refused
from shared.errors import DependencyUnavailable, PipelineError
from shared.http.client import object_of, response_to
from shared.http.statuses import retry_after_seconds

PUBLIC: Final = "https://management.azure.com"
TRIES: Final = 8
"""Of one request that is throttled, or meets another that is under way."""
COME_BACK: Final = frozenset({409, 412, 429, 500, 502, 503, 504})
"""409 and 412: another operation has the account, and ends ("There is another user operation in progress …")."""
WAIT_SECONDS: Final = 5.0
"""Where nobody says how long."""
LONGEST_SECONDS: Final = 900.0
"""One operation with all waits between; and one wait, however long Resource Manager wants it."""
LEAST_SECONDS: Final = 0.1
"""What a wait counts for at least: nobody is asked for ever."""
ENDED_WELL: Final = "succeeded"
ENDED_BADLY: Final = frozenset({"failed", "canceled", "cancelled"})
ACCEPTED, FORBIDDEN, NOT_FOUND, FIRST_REFUSAL = 202, 403, 404, 300
MOST_OF_AN_ERROR: Final = 400
"""Characters of what Resource Manager says."""


class Denied(Refused):
    """403: a role is missing."""


class Missing(Refused):
    """404: it, or what it would be in, is not there."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class ResourceManager:
    """One of them: Azure's, or that of another cloud."""

    url: str
    http: httpx2.AsyncClient
    token: Callable[[], Awaitable[str]]
    wait: Callable[[float], Awaitable[None]]

    async def listed(self, path: str, api_version: str, *, what: str) -> AsyncIterator[dict[str, Any]]:
        """All resources below a path, page by page.

        Raises:
            Denied, Missing, Refused, PipelineError: see ``change``.
        """
        address = f"{self.url}{path}?api-version={api_version}"
        while address:
            page = object_of(await self._answered("GET", address, None, what), what=what)
            for one in page.get("value") or ():
                yield one
            address = page.get("nextLink") or ""

    async def change(self, method: str, path: str, api_version: str, body: Mapping[str, Any], *, what: str) -> None:
        """Ask for a change, and return when it is made.

        Raises:
            Denied: a role is missing.
            Missing: what it would be in is not there.
            Refused: it cannot be, and why, in Resource Manager's words.
            PipelineError: no token, or no answer in time.
        """
        response = await self._answered(method, f"{self.url}{path}?api-version={api_version}", body, what)
        status_at, location = response.headers.get("azure-asyncoperation"), response.headers.get("location")
        waited = 0.0
        while status_at or (location and response.status_code == ACCEPTED):
            said_seconds = retry_after_seconds(response.headers)
            seconds = WAIT_SECONDS if said_seconds is None else said_seconds
            waited += max(seconds, LEAST_SECONDS)
            if waited > LONGEST_SECONDS:
                raise DependencyUnavailable(f"{what}: it has not ended after {LONGEST_SECONDS:g} s, and may still")
            await self.wait(seconds)
            response = await self._answered("GET", str(status_at or location), None, what)
            if status_at and _has_ended_well(object_of(response, what=what), what):
                return

    async def _answered(self, method: str, address: str, body: Mapping[str, Any] | None, what: str) -> httpx2.Response:
        if _origin(address) != _origin(self.url):
            raise Refused(f"{what}: the answer names an address that is not Resource Manager's")
        for tried in range(1, TRIES + 1):
            headers = {"authorization": f"Bearer {await self.token()}"}
            request = self.http.build_request(method, address, headers=headers, json=None if body is None else dict(body))
            try:
                response = await response_to(self.http, request, what=what)
            except DependencyUnavailable:
                if tried == TRIES:
                    raise
                await self.wait(WAIT_SECONDS)
                continue
            if response.status_code < FIRST_REFUSAL:
                return response
            if response.status_code not in COME_BACK or tried == TRIES:
                raise _refusal(response, what)
            seconds = retry_after_seconds(response.headers)
            await self.wait(WAIT_SECONDS if seconds is None else min(seconds, LONGEST_SECONDS))
        raise AssertionError("unreachable")


def _origin(address: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port, with the one that goes without saying: next pages are at ``management.azure.com:443``. None: no address."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return None if parts.username is not None else (parts.scheme, parts.hostname or "", port)


def _has_ended_well(answer: Mapping[str, Any], what: str) -> bool:
    status = str(answer.get("status", "")).lower()
    if status in ENDED_BADLY:
        raise Refused(f"{what}: {_said(answer)}")
    return status == ENDED_WELL


def _refusal(response: httpx2.Response, what: str) -> Exception:
    try:
        answer = object_of(response, what=what)
    except PipelineError:
        answer = {}
    error = answer.get("error")
    text = f"{what}: answered {response.status_code} ({_said(answer)})"
    if response.status_code == FORBIDDEN:
        return Denied(text)
    if response.status_code == NOT_FOUND:
        return Missing(text, str(error.get("code", "")) if isinstance(error, dict) else "")
    return Refused(text)


def _said(answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    if not isinstance(error, dict):
        return "no reason given"
    text = " ".join(f"{error.get('code', '')}: {error.get('message', '')}".split())
    return text if len(text) <= MOST_OF_AN_ERROR else f"{text[:MOST_OF_AN_ERROR]} …"
