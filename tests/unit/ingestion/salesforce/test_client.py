"""Asking: within the allowance, with a session that is renewed once, and nowhere but at the API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemorySecrets, InMemoryShards
from ingestion.sources.salesforce.account import Account
from ingestion.sources.salesforce.answers import AllowanceUsedUp, SessionExpired
from ingestion.sources.salesforce.client import SalesforceClient
from ingestion.sources.salesforce.describe import Description, Selection
from ingestion.sources.salesforce.rows import Rows
from ingestion.sources.salesforce.session import Session
from ingestion.sources.salesforce.soql import all_rows
from shared.connections.connection import Credential
from shared.errors import Conflict, DependencyUnavailable, RateLimited
from shared.http.client import http_client
from shared.streams.state import StreamState, StreamStates
from shared.telemetry.names import Metric

CREDENTIAL = Credential(kind="client-credentials", base_url="https://acme.example.com", client_id="the-key", secret_name="acme")
CONNECTION = sample_connection("acme", "00D000000000062EAA").model_copy(update={"credential": CREDENTIAL})
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


class Contested(StreamStates):
    """States that somebody else always writes first, once there are some."""

    is_contested = False

    @override
    async def save(self, state: StreamState, *, at: datetime) -> StreamState:
        if self.is_contested:
            raise Conflict("written since")
        return await super().save(state, at=at)


class Vendor:
    """An API that answers as it is told, and a client of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.states = Contested(InMemoryShards())
        self.metrics = InMemoryMetrics()
        self.asked: list[httpx2.Request] = []
        self.logins = 0
        self.answer: Callable[[httpx2.Request], httpx2.Response] = lambda _: httpx2.Response(200, json={"done": True, "records": []})
        self.account = Account(CONNECTION, self.states, self.clock)
        http = http_client(transport=httpx2.MockTransport(self._answered))
        session = Session(CONNECTION, self.account, http=http, secrets=InMemorySecrets({"acme": "x"}), now=self.clock)
        self.client = SalesforceClient(self.account, session, http=http, api_version="66.0", metrics=self.metrics, now=self.clock)

    def in_turn(self, *answers: httpx2.Response) -> None:
        """The next answers, one after the other."""
        left = iter(answers)
        self.answer = lambda _: next(left)

    def _answered(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/services/oauth2/token":
            self.logins += 1
            session = {"access_token": f"token-{self.logins}", "instance_url": "https://eu1.example.com/"}
            return httpx2.Response(200, json={**session, "id": "https://eu1.example.com/id/00D000000000062EAA/005000000000001AAA"})
        self.asked.append(request)
        return self.answer(request)


async def test_the_organizations_own_address_is_asked_with_the_token_and_the_version() -> None:
    vendor = Vendor()
    await vendor.client.get("query", "query", {"q": "SELECT Id FROM Account"}, share=1.0)
    [request] = vendor.asked
    assert str(request.url) == "https://eu1.example.com/services/data/v66.0/query?q=SELECT+Id+FROM+Account"
    assert request.headers["authorization"] == "Bearer token-1"
    assert request.headers["sforce-query-options"] == "batchSize=2000"


async def test_a_session_that_is_refused_is_renewed_once() -> None:
    vendor = Vendor()
    vendor.in_turn(httpx2.Response(401, json=EXPIRED), httpx2.Response(200, json={"x": 1}))
    assert (await vendor.client.get("query", "query", share=1.0)).body == {"x": 1}
    assert [request.headers["authorization"] for request in vendor.asked] == ["Bearer token-1", "Bearer token-2"]


async def test_two_sessions_that_are_refused_in_a_row_are_trouble() -> None:
    vendor = Vendor()
    vendor.answer = lambda _: httpx2.Response(401, json=EXPIRED)
    with pytest.raises(SessionExpired):
        await vendor.client.get("query", "query", share=1.0)
    assert (len(vendor.asked), vendor.logins) == (2, 2)


async def test_a_wait_that_is_asked_for_stops_no_other_worker() -> None:
    vendor = Vendor()
    vendor.answer = lambda _: httpx2.Response(503, headers={"retry-after": "5"})
    with pytest.raises(RateLimited) as raised:
        await vendor.client.get("query", "query", share=1.0)
    assert raised.value.retry_after_seconds == 5
    assert (await vendor.account.look()).used_count is None


async def test_a_good_answer_is_not_lost_because_the_gauge_cannot_be_shared() -> None:
    vendor = Vendor()
    vendor.answer = lambda _: httpx2.Response(200, json={"x": 1}, headers={"sforce-limit-info": "api-usage=18/15000"})
    await vendor.client.get("query", "query", share=1.0)
    vendor.states.is_contested = True
    vendor.clock.advance(seconds=120)
    assert (await vendor.client.get("query", "query", share=1.0)).usage == (18, 15_000)


async def test_a_limit_is_told_as_one_although_it_cannot_be_shared() -> None:
    vendor = Vendor()
    await vendor.client.get("query", "query", share=1.0)
    vendor.states.is_contested = True
    vendor.answer = lambda _: httpx2.Response(403, json=[{"message": "x", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
    with pytest.raises(AllowanceUsedUp):
        await vendor.client.get("query", "query", share=1.0)


async def test_the_vendors_clock_is_that_of_its_last_answer() -> None:
    vendor = Vendor()
    assert vendor.client.vendor_now() == vendor.clock()
    vendor.answer = lambda _: httpx2.Response(200, json={}, headers={"date": "Sat, 21 Nov 2026 11:59:00 GMT"})
    await vendor.client.get("query", "query", share=1.0)
    assert vendor.client.vendor_now() == vendor.clock() - timedelta(minutes=1)


async def test_every_request_is_counted_with_what_became_of_it() -> None:
    vendor = Vendor()
    vendor.in_turn(httpx2.Response(401, json=EXPIRED), httpx2.Response(200, json={}))
    await vendor.client.get("query", "query", share=1.0)
    counted = [vendor.metrics.total(Metric.SOURCE_REQUESTS, outcome=outcome) for outcome in ("answered", "SessionExpired")]
    assert counted == [1, 1]


# Answers that are not what they should be


@pytest.mark.parametrize(
    "rest", ["https://evil.example.com/x", "@evil.example.com/x", ".evil.example.com/", "//evil.example.com/", None, 7]
)
async def test_the_rest_of_an_answer_is_asked_for_at_the_api_alone(rest: object) -> None:
    """The token goes with it."""
    vendor = Vendor()
    vendor.answer = lambda _: httpx2.Response(200, json={"done": False, "records": [], "nextRecordsUrl": rest})
    with pytest.raises(DependencyUnavailable):
        await Rows(vendor.client, share=1.0).all("query", "SELECT Id FROM Account")
    assert len(vendor.asked) == 1


async def test_the_rest_of_an_answer_is_read_to_its_end() -> None:
    vendor = Vendor()
    vendor.in_turn(
        httpx2.Response(200, json={"done": False, "records": [{"Id": "1"}], "nextRecordsUrl": "/services/data/v66.0/query/0r8-1"}),
        httpx2.Response(200, json={"done": True, "records": [{"Id": "2"}]}),
    )
    assert await Rows(vendor.client, share=1.0).all("query", "SELECT Id FROM Account") == [{"Id": "1"}, {"Id": "2"}]
    assert vendor.asked[1].url.path == "/services/data/v66.0/query/0r8-1"


@pytest.mark.parametrize("records", [None, {}, "x", [1], [{"Name": "without an id"}], [{"Id": None}]])
async def test_rows_that_are_none_are_trouble_of_the_vendors(records: object) -> None:
    vendor = Vendor()
    vendor.answer = lambda _: httpx2.Response(200, json={"done": True, "records": records})
    rows = Rows(vendor.client, share=1.0)
    selection = Selection("Account", ("Id", "SystemModstamp"), None, ())
    with pytest.raises(DependencyUnavailable):
        await rows.page("query", selection, lambda fields, _: all_rows("Account", fields, after=None))


@pytest.mark.parametrize(
    "body", [{}, {"name": "Account"}, {"name": "Account", "fields": None}, {"name": "Account", "fields": [{"name": "Id"}]}, {"fields": 7}]
)
def test_a_description_of_nothing_is_trouble_of_the_vendors(body: dict[str, Any]) -> None:
    with pytest.raises(DependencyUnavailable):
        Description.read(body, at=Clock()())
