"""One organization's REST API, asked within its allowance and with a session that is renewed once when it is refused."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import httpx2

from ingestion.sources.salesforce.account import Account
from ingestion.sources.salesforce.answers import AllowanceUsedUp, Answer, SessionExpired, answer_from
from ingestion.sources.salesforce.session import Session
from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError
from shared.http.client import response_to
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric, Span
from shared.telemetry.tracing import span

PAGE_RECORDS: Final = 2000
"""The most there are in one answer; the vendor may give fewer."""
DATA: Final = "/services/data/"


class SalesforceClient:
    """Asks one organization."""

    def __init__(
        self,
        account: Account,
        session: Session,
        *,
        http: httpx2.AsyncClient,
        api_version: str,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._account = account
        self._session = session
        self._http = http
        self._api_version = api_version
        self._metrics = metrics
        self._now = now
        self._ahead = timedelta(0)

    def vendor_now(self) -> datetime:
        """What the vendor's clock says about now, by its last answer."""
        return self._now() + self._ahead

    async def get(self, operation: str, path: str, params: Mapping[str, str] | None = None, *, share: float) -> Answer:
        """What a path below ``/services/data/v<version>/`` answers. ``share``: how much of the allowance may be used up before.

        Raises:
            RateLimited: the allowance is used up.
            SessionExpired: two sessions in a row were refused.
            PipelineError: as ``answers.CODES``.
        """
        if self._account.check_allowance(share):
            await self.limits()
            self._account.check_allowance(share)
        return await self._asked(operation, f"{DATA}v{self._api_version}/{path}", params)

    async def more(self, operation: str, path: str, *, share: float) -> Answer:
        """What an address that an answer gave answers: the rest of a long one. Raises as ``get``."""
        if not path.startswith(DATA):  # the token goes with it
            raise DependencyUnavailable(f"Salesforce {operation}: the rest is said to be at an address that is none of the API's")
        self._account.check_allowance(share)
        return await self._asked(operation, path, None)

    async def limits(self) -> Answer:
        """The vendor's own gauges. Raises as ``get``, but for the allowance."""
        answer = await self._asked("limits", f"{DATA}v{self._api_version}/limits", None)
        daily = answer.body.get("DailyApiRequests")
        if isinstance(daily, dict) and isinstance(daily.get("Max"), int) and isinstance(daily.get("Remaining"), int):
            await self._account.gauge(daily["Max"] - daily["Remaining"], daily["Max"])
        return answer

    async def _asked(self, operation: str, path: str, params: Mapping[str, str] | None) -> Answer:
        token = await self._session.token()
        try:
            return await self._once(operation, path, params, token.value, token.instance_url)
        except SessionExpired:
            token = await self._session.token(instead_of=token)
            return await self._once(operation, path, params, token.value, token.instance_url)

    async def _once(self, operation: str, path: str, params: Mapping[str, str] | None, token: str, instance_url: str) -> Answer:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json", "sforce-query-options": f"batchSize={PAGE_RECORDS}"}
        try:
            request = self._http.build_request("GET", instance_url + path, params=params, headers=headers)
        except httpx2.InvalidURL as error:
            raise ConfigurationError("the organization's address is none") from error
        outcome, since = "answered", self._now()
        try:
            with span(Span.VENDOR, source="salesforce", operation=operation):
                response = await response_to(self._http, request, what=f"Salesforce {operation}")
                answer = answer_from(response, what=f"Salesforce {operation}", since=since, now=self._now())
        except AllowanceUsedUp as error:
            outcome = type(error).__name__
            with suppress(Conflict):
                await self._account.used_up()
            raise
        except PipelineError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.count(Metric.SOURCE_REQUESTS, source="salesforce", operation=operation, outcome=outcome)
        self._ahead = answer.at - since
        if answer.usage is not None:
            with suppress(Conflict):  # the others write all the time, and of the same gauge
                await self._account.gauge(*answer.usage)
        return answer
