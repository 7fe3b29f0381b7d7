"""Drive and the directory, asked as somebody: within the quota, and with a token that is renewed once when it is refused."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import httpx2

from ingestion.sources.gdrive.answers import Answer, TokenExpired, TooManyCalls, answer_from
from ingestion.sources.gdrive.quota import Quota
from ingestion.sources.gdrive.tokens import DIRECTORY_SCOPE, DRIVE_SCOPE, Tokens
from shared.errors import ConfigurationError, PipelineError
from shared.http.client import response_to
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric, Span
from shared.telemetry.tracing import span

DRIVE_API: Final = "/drive/v3/"
DIRECTORY_API: Final = "/admin/directory/v1/"


class DriveClient:
    """Asks as the people of one connection."""

    def __init__(
        self,
        tokens: Tokens,
        quota: Quota,
        *,
        http: httpx2.AsyncClient,
        metrics: Metrics,
        now: Callable[[], datetime],
        api_base_url: str,
        directory_base_url: str,
    ) -> None:
        self._tokens = tokens
        self._quota = quota
        self._http = http
        self._metrics = metrics
        self._now = now
        self._drive = api_base_url.rstrip("/") + DRIVE_API
        self._directory = directory_base_url.rstrip("/") + DIRECTORY_API
        self._ahead = timedelta(0)

    def vendor_now(self) -> datetime:
        """What the vendor's clock says about now, by its last answer."""
        return self._now() + self._ahead

    async def drive(self, operation: str, path: str, params: Mapping[str, str], *, user: str) -> Answer:
        """What a path below ``/drive/v3/`` answers to somebody.

        Raises:
            RateLimited: not before the end of a pause.
            PipelineError: as ``answers.REASONS``; tokens that are refused twice are a ConfigurationError.
        """
        return await self._asked(operation, self._drive + path, params, user=user, scope=DRIVE_SCOPE)

    async def directory(self, path: str, params: Mapping[str, str], *, user: str) -> Answer:
        """What a path below ``/admin/directory/v1/`` answers to an administrator. Raises as ``drive``."""
        return await self._asked("directory", self._directory + path, params, user=user, scope=DIRECTORY_SCOPE)

    async def _asked(self, operation: str, url: str, params: Mapping[str, str], *, user: str, scope: str) -> Answer:
        await self._quota.check(user)
        token = await self._tokens.token(user, scope)
        try:
            try:
                answer = await self._once(operation, url, params, token)
            except TokenExpired:
                token = await self._tokens.token(user, scope, instead_of=token)
                answer = await self._once(operation, url, params, token)
        except TokenExpired as error:
            raise ConfigurationError("Google accepts no access token, not even a new one: look at the credential and its scopes") from error
        except TooManyCalls as error:
            raise await self._quota.refused(user, error) from error
        await self._quota.served(user)
        return answer

    async def _once(self, operation: str, url: str, params: Mapping[str, str], token: str) -> Answer:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        try:
            request = self._http.build_request("GET", url, params=params, headers=headers)
        except httpx2.InvalidURL as error:
            raise ConfigurationError("the address of Google's API is none") from error
        outcome, since, what = "answered", self._now(), f"Google Drive {operation}"
        try:
            with span(Span.VENDOR, source="gdrive", operation=operation):
                response = await response_to(self._http, request, what=what)
                answer = answer_from(response, what=what, since=since, now=self._now())
        except PipelineError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.count(Metric.SOURCE_REQUESTS, source="gdrive", operation=operation, outcome=outcome)
        self._ahead = answer.at - since
        return answer


def segment(text: str) -> str:
    """An id as one segment of a path, be it two dots, which would lead out of it."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
