"""The pretend Salesforce satisfies a client that nobody here wrote: the simple-salesforce package."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from typing_extensions import override

from devtools.faults.plan import Fault, Kind
from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.api.sessions import ConnectedApp
from devtools.vendors.salesforce.records import PretendOrg

pytestmark = pytest.mark.integration

T = TypeVar("T")


def wall_clock() -> datetime:
    return datetime.now(UTC)


class ToTheStandIn(HTTPAdapter):
    """Wherever the client believes it is going: it builds addresses at salesforce.com, with TLS."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    @override
    def send(self, request: requests.PreparedRequest, *args: Any, **said: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{self._url}{parts.path}?{parts.query}" if parts.query else f"{self._url}{parts.path}"
        return super().send(request, *args, **said)


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
async def salesforce(key: RSAPrivateKey) -> AsyncIterator[PretendSalesforce]:
    org = PretendOrg("00D000000000062EAA", Random(4), wall_clock)
    apps = ConnectedApp("signing", public_key=key.public_key()), ConnectedApp("secretive", "the-secret")
    async with PretendSalesforce(org, now=wall_clock, apps=apps) as salesforce:
        yield salesforce


async def used(salesforce: PretendSalesforce, use: Callable[[Any], T], **said: Any) -> T:
    """What somebody gets who uses the client, in a thread: it waits for its answers. A session by token, or by what is ``said``."""

    def beside() -> T:
        with requests.Session() as session:
            session.mount("https://", ToTheStandIn(salesforce.url))
            how = said or {"session_id": salesforce.token(), "instance_url": "https://pretend.my.salesforce.com"}
            return use(Salesforce(session=session, version="67.0", **how))

    return await asyncio.to_thread(beside)


def pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_it_signs_in_with_an_assertion(salesforce: PretendSalesforce, key: RSAPrivateKey) -> None:
    username = salesforce.org.record(salesforce.org.user_ids[1]).fields["Username"]

    limits = await used(salesforce, lambda client: client.limits(), username=username, consumer_key="signing", privatekey=pem(key))

    assert limits["DailyApiRequests"] == {"Max": 15_000, "Remaining": 14_999}
    assert salesforce.ledger.counts() == {"token": 1, "limits": 1}


async def test_it_signs_in_with_a_secret(salesforce: PretendSalesforce) -> None:
    said = {"consumer_key": "secretive", "consumer_secret": "the-secret", "domain": "pretend.my"}

    assert (await used(salesforce, lambda client: client.query("SELECT COUNT() FROM User"), **said))["totalSize"] == 3


async def test_it_knows_why_it_was_not_let_in(salesforce: PretendSalesforce, key: RSAPrivateKey) -> None:
    salesforce.sessions.revoke(salesforce.org.user_ids[0])
    username = salesforce.org.record(salesforce.org.user_ids[0]).fields["Username"]

    with (
        pytest.raises(SalesforceAuthenticationFailed, match=r"invalid_grant\): user hasn't approved this consumer"),
        pytest.warns(UserWarning, match="you may need to authorize this"),
    ):
        await used(salesforce, lambda client: client.limits(), username=username, consumer_key="signing", privatekey=pem(key))


async def test_it_reads_more_than_a_page(salesforce: PretendSalesforce) -> None:
    ids = salesforce.org.populate_fast("Contact", 4321)

    answer = await used(salesforce, lambda client: client.query_all("SELECT Id, Name, Account.Name FROM Contact ORDER BY Id"))

    assert (answer["totalSize"], answer["done"]) == (4321, True)
    assert [record["Id"] for record in answer["records"]] == ids
    assert salesforce.ledger.counts() == {"query": 1, "query-more": 2}


async def test_it_reads_deleted_records_where_it_asks_for_them(salesforce: PretendSalesforce) -> None:
    account = salesforce.org.create("Account")
    salesforce.org.delete(account.id)

    def both(client: Any) -> list[int]:
        return [client.query("SELECT Id FROM Account", include_deleted=deleted)["totalSize"] for deleted in (False, True)]

    assert await used(salesforce, both) == [0, 1]


async def test_it_describes_what_there_is(salesforce: PretendSalesforce) -> None:
    names, contact = await used(salesforce, lambda client: (client.describe(), client.Contact.describe()))

    assert {one["name"] for one in names["sobjects"]} == {"Account", "Contact", "Opportunity", "Lead", "User"}
    assert {"Id", "AccountId", "MailingAddress"} <= {field["name"] for field in contact["fields"]}


async def test_it_lists_what_changed_and_what_went(salesforce: PretendSalesforce) -> None:
    org, now = salesforce.org, wall_clock()
    at = now - timedelta(minutes=30)
    kept, gone = (org.create("Account", at=at).id for _ in range(2))
    org.delete(gone, at=at)

    def listed(client: Any) -> tuple[Any, Any]:
        span = now - timedelta(hours=1), now
        return client.Account.updated(*span), client.Account.deleted(*span)

    updated, deleted = await used(salesforce, listed)

    assert updated["ids"] == [kept]
    assert [row["id"] for row in deleted["deletedRecords"]] == [gone]
    assert updated["latestDateCovered"].endswith(".000+0000")


async def test_it_creates_changes_and_deletes(salesforce: PretendSalesforce) -> None:
    def lived(client: Any) -> tuple[int, Any, int]:
        record_id = client.Lead.create({"LastName": "Ito", "Company": "Fjord"})["id"]
        changed = client.Lead.update(record_id, {"Status": "Working - Contacted"})
        return changed, client.Lead.get(record_id), client.Lead.delete(record_id)

    changed, lead, deleted = await used(salesforce, lived)

    assert (changed, deleted) == (204, 204)
    assert (lead["Name"], lead["Company"], lead["Status"]) == ("Ito", "Fjord", "Working - Contacted")
    assert lead["attributes"]["type"] == "Lead"


async def test_it_reads_the_gauge_of_calls(salesforce: PretendSalesforce) -> None:
    def measured(client: Any) -> Any:
        client.limits()
        return client.api_usage["api-usage"]

    assert await used(salesforce, measured) == (1, 15_000)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda one: None, SalesforceMalformedRequest),
        (lambda one: one.org.objects.hide("Account"), SalesforceMalformedRequest),
        (lambda one: setattr(one.usage[one.org.organization_id], "most", 0), SalesforceRefusedRequest),
        (lambda one: setattr(one.sessions, "lifetime", timedelta()), SalesforceExpiredSession),
        (lambda one: one.faults.add(fault(Kind.REFUSE, status=503)), SalesforceGeneralError),
    ],
    ids=["unknown field", "hidden object", "limit reached", "session over", "unavailable"],
)
async def test_a_refusal_is_one_of_its_errors(
    salesforce: PretendSalesforce, spoil: Callable[[PretendSalesforce], None], expected: type[Exception]
) -> None:
    spoil(salesforce)
    soql = "SELECT Name FROM Account" if expected is SalesforceGeneralError else "SELECT Naem FROM Account"

    with pytest.raises(expected) as raised:
        await used(salesforce, lambda client: client.query(soql))

    assert type(raised.value) is expected


async def test_a_record_that_is_not_there_is_one_of_its_errors(salesforce: PretendSalesforce) -> None:
    with pytest.raises(SalesforceResourceNotFound):
        await used(salesforce, lambda client: client.Account.get("001000000000009AAA"))


def fault(kind: Kind, **said: Any) -> Fault:
    return Fault(at="salesforce", kind=kind, operation="query", calls=1, **said)
