"""What the tests of the pretend Salesforce REST API share: an organization, a clock moved by hand, and a client without opinions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import httpx2

from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.api.sessions import ConnectedApp
from devtools.vendors.salesforce.records import PretendOrg

NOON: Final = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
HOUR_AGO: Final = NOON - timedelta(hours=1)
ORGANIZATION: Final = "00D000000000062EAA"
APP: Final = ConnectedApp("the-client", "the-secret")
VERSION: Final = "/services/data/v67.0"


@dataclass
class Clock:
    """Says what it is told to."""

    moment: datetime = NOON

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **said: float) -> None:
        self.moment += timedelta(**said)


@dataclass
class Caller:
    """Makes calls with a token of the first user."""

    http: httpx2.AsyncClient
    salesforce: PretendSalesforce
    clock: Clock
    token: str

    @property
    def org(self) -> PretendOrg:
        return self.salesforce.org

    async def call(self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, **said: Any) -> httpx2.Response:
        """``path`` below the version, or from a slash on."""
        url = path if path.startswith("/") else f"{VERSION}/{path}"
        return await self.http.request(method, url, headers={"authorization": f"Bearer {self.token}", **(headers or {})}, **said)

    async def json(self, path: str, **parameters: str) -> Any:
        answer = await self.call(path, params=parameters or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refusal(self, path: str, **parameters: str) -> tuple[int, str]:
        """Status and error code."""
        answer = await self.call(path, params=parameters or None)
        [error] = answer.json()
        assert error["message"]
        return answer.status_code, error["errorCode"]

    async def span(self, path: str, start: datetime, end: datetime) -> Any:
        return await self.json(path, start=start.isoformat(), end=end.isoformat())


@asynccontextmanager
async def calling(*orgs: PretendOrg) -> AsyncIterator[Caller]:
    """The stand-in and somebody who calls it; an organization with nothing in it, without one."""
    clock = Clock()
    served = orgs or (PretendOrg(ORGANIZATION, Random(4), clock),)
    async with PretendSalesforce(*served, now=clock, apps=(APP,)) as salesforce, httpx2.AsyncClient(base_url=salesforce.url) as http:
        yield Caller(http, salesforce, clock, salesforce.token())
