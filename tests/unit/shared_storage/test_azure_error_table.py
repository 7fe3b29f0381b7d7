"""Every status Cosmos DB and Blob Storage may answer with has a decision, and every kind of failure of their SDKs."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosClientTimeoutError, CosmosHttpResponseError

from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, UnmappableRecord
from shared.storage.azure_errors import ANSWER_SECONDS, BUGS, STATUSES, SUBSTATUSES, azure_errors
from shared.storage.claim_store import ANSWER_SECONDS as CLAIM_ANSWER_SECONDS

COSMOS_STATUSES = {400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 424, 429, 449, 500, 503}
"""Azure documentation, "HTTP Status Codes for Azure Cosmos DB"; 405 is what is refused for resources there are not."""

BLOB_STATUSES = {400, 401, 403, 404, 405, 408, 409, 412, 413, 429, 500, 503}
"""Azure documentation, "Blob service error codes" and "Common REST API error codes", of those a put or a get can be answered with."""


def cosmos_answer(status: int, substatus: int | None = None) -> CosmosHttpResponseError:
    return CosmosHttpResponseError(status_code=status, message="id 0815 of tenant secret", sub_status=substatus)  # type: ignore[no-untyped-call]  # the SDK's


def batch_answer(status: int, headers: Mapping[str, str] | None = None) -> CosmosBatchOperationError:
    """One operation's status inside an answer that is 207 as a whole."""
    return CosmosBatchOperationError(error_index=1, headers=dict(headers or {}), status_code=status, message="id 0815 of tenant secret")  # type: ignore[no-untyped-call]  # the SDK's


async def raised_from(error: Exception) -> Exception:
    """What comes out when this goes in."""

    def fail() -> NoReturn:
        raise error

    try:
        async with azure_errors("do something"):
            fail()
    except Exception as out:  # what comes out, whatever it is, is what the tests look at
        return out
    raise AssertionError("nothing came out")


def test_every_documented_status_has_a_decision() -> None:
    decided = STATUSES.keys() | BUGS

    assert (COSMOS_STATUSES | BLOB_STATUSES) - decided == set()


def test_no_status_is_decided_twice() -> None:
    assert not STATUSES.keys() & BUGS


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (401, ConfigurationError),
        (403, ConfigurationError),
        (404, ConfigurationError),
        (408, DependencyUnavailable),
        (409, Conflict),
        (410, DependencyUnavailable),
        (412, Conflict),
        (413, UnmappableRecord),
        (424, Conflict),
        (429, RateLimited),
        (449, DependencyUnavailable),
        (500, DependencyUnavailable),
        (502, DependencyUnavailable),
        (503, DependencyUnavailable),
        (504, DependencyUnavailable),
    ],
)
async def test_a_status_becomes_ours(status: int, ours: type[PipelineError]) -> None:
    assert type(await raised_from(cosmos_answer(status))) is ours


def test_the_table_above_is_all_of_the_table() -> None:
    assert set(STATUSES) == {401, 403, 404, 408, 409, 410, 412, 413, 424, 429, 449, 500, 502, 503, 504}


@pytest.mark.parametrize(("status", "substatus"), list(SUBSTATUSES))
async def test_a_sub_status_says_more_than_its_status(status: int, substatus: int) -> None:
    assert type(await raised_from(cosmos_answer(status, substatus))) is DependencyUnavailable
    assert type(await raised_from(cosmos_answer(status, 9999))) is ConfigurationError


@pytest.mark.parametrize("status", [400, 405, 411, 416, 418])
async def test_an_answer_that_says_our_request_is_wrong_stays_a_bug(status: int) -> None:
    error = cosmos_answer(status)

    assert await raised_from(error) is error


@pytest.mark.parametrize("status", [status for status in HTTPStatus if status >= 500])
async def test_no_answer_of_a_server_in_trouble_is_a_bug_of_ours(status: int) -> None:
    assert type(await raised_from(cosmos_answer(status))) is DependencyUnavailable


@pytest.mark.parametrize(
    "error",
    [
        ServiceRequestError("refused"),
        ServiceRequestTimeoutError("slow to connect"),
        ServiceResponseError("cut off"),
        ServiceResponseTimeoutError("slow to answer"),
        CosmosClientTimeoutError(),  # type: ignore[no-untyped-call]  # the SDK's
        AzureError("whatever comes later"),
        HttpResponseError("without an answer"),
        DecodeError("not JSON"),
        IncompleteReadError("half an answer"),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_no_answer_is_for_later(error: Exception) -> None:
    assert type(await raised_from(error)) is DependencyUnavailable


async def test_a_credential_that_is_not_accepted_is_for_a_person() -> None:
    assert type(await raised_from(ClientAuthenticationError("no"))) is ConfigurationError


async def test_what_took_too_long_is_for_later() -> None:
    with pytest.raises(DependencyUnavailable, match="read something: no answer"):
        async with azure_errors("read something", answer_seconds=0.01):
            await asyncio.sleep(60)


async def test_a_cancellation_from_outside_stays_one() -> None:
    async def work() -> None:
        async with azure_errors("read something"):
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (401, ConfigurationError),
        (404, ConfigurationError),
        (409, Conflict),
        (412, Conflict),
        (413, UnmappableRecord),
        (424, Conflict),
        (429, RateLimited),
        (449, DependencyUnavailable),
        (500, DependencyUnavailable),
        (503, DependencyUnavailable),
        (0, DependencyUnavailable),  # what the SDK says when every operation failed because of another
    ],
)
async def test_an_operation_refused_inside_a_batch_becomes_ours(status: int, ours: type[PipelineError]) -> None:
    assert type(await raised_from(batch_answer(status))) is ours


async def test_a_batch_with_a_throttled_operation_says_when_to_come_back() -> None:
    error = await raised_from(batch_answer(429, {"x-ms-retry-after-ms": "120"}))

    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 0.12


async def test_a_container_that_is_gone_is_told_apart_inside_a_batch_too() -> None:
    assert type(await raised_from(batch_answer(404, {"x-ms-substatus": "1003"}))) is ConfigurationError
    assert type(await raised_from(batch_answer(404, {"x-ms-substatus": "1002"}))) is DependencyUnavailable


async def test_an_operation_of_a_batch_that_is_wrong_stays_a_bug() -> None:
    error = batch_answer(400)

    assert await raised_from(error) is error


async def test_our_own_errors_pass_as_they_are() -> None:
    error = Conflict("a chain of aliases")

    assert await raised_from(error) is error


async def test_the_text_names_the_operation_and_nothing_of_the_answer() -> None:
    error = await raised_from(cosmos_answer(409))

    assert str(error) == "do something: answered 409"


def test_every_limit_leaves_a_webhook_time_to_answer() -> None:
    assert max(ANSWER_SECONDS, CLAIM_ANSWER_SECONDS) < 15
