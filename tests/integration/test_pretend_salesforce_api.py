"""The pretend Salesforce REST API: queries and their pages, describe, limits and single records, as any client would see them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random

import pytest

from devtools.vendors.salesforce.records import PretendOrg
from tests.integration.salesforce_api import NOON, VERSION, Caller, calling

pytestmark = pytest.mark.integration


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


async def test_the_pages_of_a_query_are_all_its_rows(caller: Caller) -> None:
    ids = caller.org.populate_fast("Contact", 4500)

    first = await caller.json("query", q="SELECT Id FROM Contact ORDER BY Id")
    second = await caller.json(first["nextRecordsUrl"])
    third = await caller.json(second["nextRecordsUrl"])

    pages = [first, second, third]
    assert [len(page["records"]) for page in pages] == [2000, 2000, 500]
    assert [page["done"] for page in pages] == [False, False, True]
    assert {page["totalSize"] for page in pages} == {4500}
    assert "nextRecordsUrl" not in third
    assert [row["Id"] for page in pages for row in page["records"]] == ids
    assert await caller.json(first["nextRecordsUrl"]) == second
    assert caller.salesforce.ledger.counts() == {"query": 1, "query-more": 3}
    assert caller.salesforce.ledger.rows("query", "query-more") == 6500


@pytest.mark.parametrize(
    ("asked", "given"), [("batchSize=200", 200), ("batchSize=250", 250), ("batchSize=1", 200), ("batchSize=9999", 300)]
)
async def test_a_page_is_as_long_as_was_asked_within_its_bounds(caller: Caller, asked: str, given: int) -> None:
    caller.org.populate_fast("Lead", 300)

    page = (await caller.call("query", params={"q": "SELECT Id FROM Lead"}, headers={"Sforce-Query-Options": asked})).json()

    assert len(page["records"]) == given


async def test_a_page_can_be_shorter_than_was_asked(caller: Caller) -> None:
    caller.org.populate_fast("Lead", 25)
    caller.salesforce.queries.page_rows = 10

    page = await caller.json("query", q="SELECT Id FROM Lead")

    assert (len(page["records"]), page["done"], page["totalSize"]) == (10, False, 25)


async def test_a_locator_is_good_for_two_days_and_for_its_organization(caller: Caller) -> None:
    caller.org.populate_fast("Lead", 25)
    caller.salesforce.sessions.lifetime = timedelta(days=3)
    caller.salesforce.queries.page_rows = 10
    following = (await caller.json("query", q="SELECT Id FROM Lead"))["nextRecordsUrl"]

    caller.clock.advance(days=2, seconds=-1)
    assert len((await caller.json(following))["records"]) == 10
    caller.clock.advance(seconds=1)
    assert await caller.refusal(following) == (400, "INVALID_QUERY_LOCATOR")
    assert await caller.refusal("query/0r8xx0000000001EAA-2000") == (400, "INVALID_QUERY_LOCATOR")


async def test_deleted_rows_are_in_query_all_alone(caller: Caller) -> None:
    org = caller.org
    kept, binned, gone = (org.create("Account").id for _ in range(3))
    org.delete(binned)
    org.hard_delete(gone)

    seen = await caller.json("query", q="SELECT Id, IsDeleted FROM Account")
    everything = await caller.json("queryAll", q="SELECT Id, IsDeleted FROM Account ORDER BY IsDeleted")

    assert [row["Id"] for row in seen["records"]] == [kept]
    assert [(row["Id"], row["IsDeleted"]) for row in everything["records"]] == [(kept, False), (binned, True)]


async def test_rows_are_counted_without_being_answered(caller: Caller) -> None:
    caller.org.populate_fast("Lead", 7)

    assert await caller.json("query", q="SELECT COUNT() FROM Lead") == {"totalSize": 7, "done": True, "records": []}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id, FROM Account", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT Naem FROM Account", "INVALID_FIELD"),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Acount", "INVALID_TYPE"),
        ("SELECT Id FROM Account WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
async def test_a_wrong_query_is_refused_as_an_array(caller: Caller, text: str, code: str) -> None:
    assert await caller.refusal("query", q=text) == (400, code)


async def test_what_is_too_long_is_refused_by_the_edge(caller: Caller) -> None:
    def asked(length: int) -> str:
        return f"SELECT Id FROM Account WHERE Name = '{'x' * length}'"

    assert (await caller.call("query", params={"q": asked(15_000)})).status_code == 200
    refused = await caller.call("query", params={"q": asked(16_384)})
    by_headers = await caller.call("query", params={"q": asked(1)}, headers={"x-long": "x" * 16_384})

    assert (refused.status_code, by_headers.status_code) == (414, 414)
    assert refused.headers["content-type"].startswith("text/html")


async def test_the_date_is_the_clocks(caller: Caller) -> None:
    answers = [await caller.call("limits"), await caller.call("query"), await caller.http.get("/services/data")]

    assert [answer.headers["date"] for answer in answers] == ["Mon, 02 Mar 2026 12:00:30 GMT"] * 3
    assert [version["version"] for version in answers[2].json()][-1] == "67.0"


async def test_the_gauge_of_calls_looks_back_a_day(caller: Caller) -> None:
    usage = caller.salesforce.usage[caller.org.organization_id]
    usage.most, usage.foreign = 10, 5

    assert (await caller.call("limits")).headers["sforce-limit-info"] == "api-usage=6/10"
    assert (await caller.json("limits"))["DailyApiRequests"] == {"Max": 10, "Remaining": 3}
    await caller.call("nowhere")
    await caller.call("limits")
    await caller.call("limits")
    refused = await caller.call("limits")
    assert (refused.status_code, refused.headers["sforce-limit-info"]) == (403, "api-usage=10/10")
    assert refused.json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]

    caller.clock.advance(hours=24)
    caller.token = caller.salesforce.token()
    assert (await caller.call("limits")).headers["sforce-limit-info"] == "api-usage=6/10"


async def test_the_gauge_can_go_up_and_down(caller: Caller) -> None:
    usage = caller.salesforce.usage[caller.org.organization_id]
    usage.foreign, usage.jitter = 900, 8

    shown = [int((await caller.call("limits")).headers["sforce-limit-info"].split("=")[1].split("/")[0]) for _ in range(30)]

    assert shown != sorted(shown)
    assert all(abs(number - 900 - call) <= 8 for call, number in enumerate(shown, start=1))


async def test_describe_says_what_objects_there_are(caller: Caller) -> None:
    caller.org.define("Invoice__c", ["Account__c>>Account"], replicateable=False)
    caller.org.objects.hide("Lead")

    seen = {one["name"]: one for one in (await caller.json("sobjects"))["sobjects"]}

    assert set(seen) == {"Account", "Contact", "Opportunity", "User", "Invoice__c"}
    assert (seen["Invoice__c"]["custom"], seen["Invoice__c"]["replicateable"], seen["Account"]["keyPrefix"]) == (True, False, "001")
    assert (seen["Account"]["mergeable"], seen["Opportunity"]["mergeable"], seen["User"]["undeletable"]) == (True, False, False)


async def test_describe_says_what_an_object_is_made_of(caller: Caller) -> None:
    caller.org.define("Invoice__c", ["Account__c>>Account"])

    account = await caller.json("sobjects/Account/describe")

    fields = {one["name"]: one for one in account["fields"]}
    assert (fields["OwnerId"]["type"], fields["OwnerId"]["referenceTo"], fields["OwnerId"]["relationshipName"]) == (
        "reference",
        ["User"],
        "Owner",
    )
    assert (fields["Name"]["length"], fields["AnnualRevenue"]["soapType"], fields["BillingAddress"]["type"]) == (
        255,
        "xsd:double",
        "address",
    )
    cascading = {one["childSObject"] for one in account["childRelationships"] if one["cascadeDelete"]}
    assert cascading == {"Contact", "Opportunity", "Invoice__c"}


async def test_a_description_that_has_not_changed_is_not_sent_again(caller: Caller) -> None:
    first = await caller.call("sobjects/Account/describe")
    since = {"If-Modified-Since": first.headers["last-modified"]}

    assert (await caller.call("sobjects/Account/describe", headers=since)).status_code == 304
    caller.org.objects.hide_field("Account", "Rating")
    changed = await caller.call("sobjects/Account/describe", headers=since)

    assert "Rating" not in {one["name"] for one in changed.json()["fields"]}
    assert changed.headers["last-modified"] == "Mon, 02 Mar 2026 12:00:30 GMT"
    assert await caller.refusal("query", q="SELECT Rating FROM Account") == (400, "INVALID_FIELD")
    assert (await caller.call("sobjects/Account/describe", headers={"If-Modified-Since": "yesterday"})).status_code == 200


async def test_fields_come_and_go_while_somebody_reads(caller: Caller) -> None:
    account = caller.org.create("Account")
    caller.org.objects.add_field("Account", "Extra__c:double")
    assert (await caller.json("query", q="SELECT Extra__c FROM Account"))["records"][0]["Extra__c"] is None
    assert (await caller.call(f"sobjects/Account/{account.id}", method="PATCH", json={"Extra__c": 5})).status_code == 204
    assert (await caller.json("query", q="SELECT Id FROM Account WHERE Extra__c = 5"))["totalSize"] == 1

    caller.org.objects.remove_field("Account", "Extra__c")

    assert await caller.refusal("query", q="SELECT Extra__c FROM Account") == (400, "INVALID_FIELD")


async def test_a_hidden_object_is_nowhere(caller: Caller) -> None:
    caller.org.objects.hide("Lead")

    assert await caller.refusal("query", q="SELECT Id FROM Lead") == (400, "INVALID_TYPE")
    assert await caller.refusal("sobjects/Lead/describe") == (404, "NOT_FOUND")
    assert await caller.refusal("sobjects/Lead/updated/") == (404, "NOT_FOUND")


async def test_a_record_is_created_read_changed_and_deleted(caller: Caller) -> None:
    made = await caller.call("sobjects/Opportunity", method="POST", json={"Name": "Deal", "Amount": 12.5, "CloseDate": "2026-05-01"})
    path = f"sobjects/Opportunity/{made.json()['id']}"

    changed = await caller.call(path, method="PATCH", json={"StageName": "Closed Won"})
    record = await caller.json(path)
    part = await caller.json(path, fields="Name,Owner.Name")
    deleted = await caller.call(path, method="DELETE")

    assert (made.status_code, made.json()["success"], changed.status_code, deleted.status_code) == (201, True, 204, 204)
    assert (record["Amount"], record["CloseDate"], record["FiscalQuarter"], record["IsWon"], record["NextStep"]) == (
        12.5,
        "2026-05-01",
        2,
        True,
        None,
    )
    assert set(part) == {"attributes", "Name", "Owner"}
    assert await caller.refusal(path) == (404, "ENTITY_IS_DELETED")
    assert [call.status for call in caller.salesforce.ledger.of("record", object_name="Opportunity")] == [201, 204, 200, 200, 204, 404]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "x", "Naem": "y"}, "INVALID_FIELD"),
        ({"Name": "x", "SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "x", "AnnualRevenue": "much"}, "JSON_PARSER_ERROR"),
        ({"Phone": "1"}, "REQUIRED_FIELD_MISSING"),
    ],
)
async def test_a_record_that_cannot_be_saved_is_refused(caller: Caller, body: dict[str, str], code: str) -> None:
    answer = await caller.call("sobjects/Account", method="POST", json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert caller.org.records("Account") == []


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "sobjects/Account/001000000000009AAA", (404, "NOT_FOUND")),
        ("PATCH", "sobjects/Account/001000000000009AAA", (404, "NOT_FOUND")),
        ("GET", "sobjects/Account/short", (400, "MALFORMED_ID")),
        ("GET", "nowhere", (404, "NOT_FOUND")),
        ("GET", "/services/data/v12.0/limits", (404, "NOT_FOUND")),
        ("PUT", "sobjects/Account", (405, "METHOD_NOT_ALLOWED")),
    ],
)
async def test_what_is_not_there_is_not_found(caller: Caller, method: str, path: str, expected: tuple[int, str]) -> None:
    answer = await caller.call(path, method=method)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == expected


async def test_two_organizations_are_told_apart_by_their_tokens() -> None:
    one, other = (PretendOrg(f"00D00000000{name}", Random(4), lambda: NOON) for name in ("0062", "0063"))
    one.create("Account", Name="Ours")
    async with calling(one, other) as caller:
        ours = await caller.json("query", q="SELECT Name FROM Account")
        caller.token = caller.salesforce.token(organization_id=other.organization_id)
        theirs = await caller.call(f"{VERSION}/query", params={"q": "SELECT Name FROM Account"})

        assert [row["Name"] for row in ours["records"]] == ["Ours"]
        assert theirs.json()["records"] == []
        assert theirs.headers["sforce-limit-info"].startswith("api-usage=1/")
        assert [call.organization_id for call in caller.salesforce.ledger.calls] == [one.organization_id, other.organization_id]
