"""What the pretend Salesforce REST API does wrong on command, as whoever calls it sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind
from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.faults import ABILITIES, API
from tests.integration.salesforce_api import HOUR_AGO, NOON, Caller, calling

pytestmark = pytest.mark.integration

SPAN = {"start": HOUR_AGO.isoformat(), "end": NOON.isoformat()}
REFUSALS = [
    (None, 400, "QUERY_TIMEOUT"),
    (None, 500, "UNKNOWN_EXCEPTION"),
    ("request-limit-exceeded", 403, "REQUEST_LIMIT_EXCEEDED"),
    ("concurrent-limit-exceeded", 403, "REQUEST_LIMIT_EXCEEDED"),
    ("query-timeout", 400, "QUERY_TIMEOUT"),
    ("server-unavailable", 503, "SERVER_UNAVAILABLE"),
    ("invalid-session", 401, "INVALID_SESSION_ID"),
    ("invalid-query-locator", 400, "INVALID_QUERY_LOCATOR"),
    ("unable-to-lock", 400, "UNABLE_TO_LOCK_ROW"),
    ("api-disabled", 403, "API_DISABLED_FOR_ORG"),
]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        caller.org.create("Account", at=HOUR_AGO)
        yield caller


def fault(kind: Kind, operation: str = "query", **said: Any) -> Fault:
    return Fault(at="salesforce", kind=kind, operation=operation, **{"calls": 1, **said})


async def asked(caller: Caller, operation: str = "query") -> httpx2.Response:
    """One good request of an operation."""
    match operation:
        case "query":
            return await caller.call("query", params={"q": "SELECT Id FROM Account"})
        case "describe":
            return await caller.call("sobjects/Account/describe")
        case "replication":
            return await caller.call("sobjects/Account/updated/", params=SPAN)
        case "limits":
            return await caller.call("limits")
        case "record":
            return await caller.call(f"sobjects/Account/{caller.org.records('Account')[0].id}")
    said = {"grant_type": "client_credentials", "client_id": "the-client", "client_secret": "the-secret"}
    return await caller.http.post("/services/oauth2/token", data=said)


@pytest.mark.parametrize(("variant", "status", "code"), REFUSALS)
async def test_a_refusal_is_in_the_vendors_words_and_the_next_call_is_served(
    caller: Caller, variant: str | None, status: int, code: str
) -> None:
    planned = fault(Kind.REFUSE, status=status, variant=variant)
    caller.salesforce.faults.add(planned)

    refused, served = await asked(caller), await asked(caller)

    assert (refused.status_code, [error["errorCode"] for error in refused.json()]) == (status, [code])
    assert refused.headers["sforce-limit-info"] == "api-usage=1/15000"
    assert served.status_code == 200
    assert [(call.status, call.fault) for call in caller.salesforce.ledger.calls] == [(status, planned), (200, None)]


def test_every_refusal_there_is_was_tried() -> None:
    assert {variant for variant, *_ in REFUSALS} - {None} == set(ABILITIES[Kind.REFUSE]) - {"maintenance-page"}


@pytest.mark.parametrize("operation", API)
async def test_every_operation_can_meet_a_fault_and_no_other_does(caller: Caller, operation: str) -> None:
    caller.salesforce.faults.add(fault(Kind.REFUSE, operation, status=503, calls=9, retry_after_seconds=7))

    answers = {one: await asked(caller, one) for one in API}

    assert {one for one, answer in answers.items() if answer.status_code == 503} == {operation}
    assert answers[operation].headers["retry-after"] == "7"


async def test_a_token_is_refused_in_oauths_words(caller: Caller) -> None:
    caller.salesforce.faults.add(fault(Kind.REFUSE, "token", status=400, target="the-client"))

    assert (await asked(caller, "token")).json()["error"] == "unknown_error"


@pytest.mark.parametrize(
    ("planned", "status"),
    [
        (fault(Kind.REFUSE, status=503, variant="maintenance-page"), 503),
        (fault(Kind.MALFORMED, variant="maintenance-page"), 200),
        (fault(Kind.MALFORMED), 200),
    ],
    ids=lambda one: str(getattr(one, "summary", one)),
)
async def test_the_maintenance_page_is_no_json(caller: Caller, planned: Fault, status: int) -> None:
    caller.salesforce.faults.add(planned)

    answer = await asked(caller)

    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


async def test_an_answer_can_end_in_its_middle(caller: Caller) -> None:
    caller.salesforce.faults.add(fault(Kind.MALFORMED, variant="cut-off"))

    cut, whole = await asked(caller), await asked(caller)

    assert cut.status_code == 200
    assert whole.text.startswith(cut.text)
    with pytest.raises(json.JSONDecodeError):
        cut.json()


async def test_a_dropped_connection_and_a_silent_one_are_no_answers(caller: Caller) -> None:
    caller.salesforce.faults.add(fault(Kind.DROP), fault(Kind.TIMEOUT))

    with pytest.raises(httpx2.RemoteProtocolError):
        await asked(caller)
    with pytest.raises(httpx2.ReadTimeout):
        await caller.call("query", params={"q": "SELECT Id FROM Account"}, timeout=0.2)

    assert [call.status for call in caller.salesforce.ledger.calls] == [None, None]
    assert (await asked(caller)).status_code == 200


async def test_an_answer_that_is_late_is_the_right_one(caller: Caller) -> None:
    caller.salesforce.faults.add(fault(Kind.DELAY, seconds=0.1))
    began = asyncio.get_running_loop().time()

    late = await asked(caller)

    assert asyncio.get_running_loop().time() - began >= 0.1
    assert late.json() == (await asked(caller)).json()


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("kind", [Kind.DROP, Kind.REFUSE])
async def test_a_change_was_made_only_where_the_plan_says_so(caller: Caller, kind: Kind, *, applied: bool) -> None:
    caller.salesforce.faults.add(fault(kind, "record", applied=applied, **({"status": 503} if kind is Kind.REFUSE else {})))
    account = caller.org.records("Account")[0]

    try:
        answer = await caller.call(f"sobjects/Account/{account.id}", method="PATCH", json={"Name": "Changed"})
        assert answer.status_code == 503
    except httpx2.RemoteProtocolError:
        assert kind is Kind.DROP

    assert (caller.org.record(account.id).fields["Name"] == "Changed") is applied


async def test_rows_without_an_order_come_in_another_and_ordered_ones_do_not(caller: Caller) -> None:
    caller.org.populate_fast("Lead", 20, at=NOON, per_second=5)
    caller.salesforce.faults.add(fault(Kind.REORDER, share=1.0, calls=None))

    async def ids(ending: str) -> list[str]:
        return [row["Id"] for row in (await caller.json("query", q=f"SELECT Id FROM Lead {ending}"))["records"]]

    in_order = [record.id for record in caller.org.rows("Lead")]
    loose, by_stamp = await ids(""), await ids("ORDER BY SystemModstamp")
    assert loose != in_order
    assert sorted(loose) == in_order
    assert by_stamp != in_order
    assert [sorted(by_stamp[start : start + 5]) for start in range(0, 20, 5)] == [in_order[start : start + 5] for start in range(0, 20, 5)]
    assert await ids("ORDER BY SystemModstamp, Id") == in_order
    assert caller.salesforce.faults.count(Kind.REORDER) == 2


async def test_ids_of_changes_come_in_another_order(caller: Caller) -> None:
    ids = caller.org.populate_fast("Lead", 20, at=HOUR_AGO)
    caller.salesforce.faults.add(fault(Kind.REORDER, "replication", target="Lead"))
    start = {**SPAN, "start": HOUR_AGO.replace(hour=10).isoformat()}

    found = (await caller.json("sobjects/Lead/updated/", **start))["ids"]

    assert found != ids
    assert sorted(found) == ids


async def test_a_page_that_was_lost_can_be_asked_for_again(caller: Caller) -> None:
    ids = caller.org.populate_fast("Lead", 30)
    caller.salesforce.queries.page_rows = 20
    caller.salesforce.faults.add(fault(Kind.DROP, after=1, target="Lead"))
    first = await caller.json("query", q="SELECT Id FROM Lead")

    with pytest.raises(httpx2.RemoteProtocolError):
        await caller.call(first["nextRecordsUrl"])
    again = await caller.json(first["nextRecordsUrl"])

    assert [row["Id"] for page in (first, again) for row in page["records"]] == ids


async def test_a_bad_request_meets_nothing(caller: Caller) -> None:
    caller.salesforce.faults.add(fault(Kind.REFUSE, status=503))

    assert await caller.refusal("query", q="SELECT Naem FROM Account") == (400, "INVALID_FIELD")
    assert (await asked(caller)).status_code == 503


async def test_the_seed_decides_which_calls_meet_a_fault_and_the_same_seed_decides_the_same(caller: Caller) -> None:
    met = [await statuses_under(caller, seed) for seed in (1, 1, 2)]

    assert met[0] == met[1] != met[2]
    assert {200, 503} == set(met[0])


async def statuses_under(caller: Caller, seed: int) -> list[int]:
    """Of forty calls, of which half are refused."""
    faults = Injector("salesforce", ABILITIES, faults=[fault(Kind.REFUSE, status=503, share=0.5, calls=None)], seed=seed)
    async with (
        PretendSalesforce(caller.org, now=caller.clock, faults=faults) as salesforce,
        httpx2.AsyncClient(base_url=salesforce.url) as http,
    ):
        again = Caller(http, salesforce, caller.clock, salesforce.token())
        return [(await asked(again)).status_code for _ in range(40)]
