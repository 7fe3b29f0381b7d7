"""What is logged of a delivery: ids and reasons, and never a body or the text of an error that is not ours."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.errors import Conflict, UnmappableRecord
from shared.messaging.delivery import Handler
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Stored, Unchanged
from shared.messaging.returns import Delivery
from tests.unit.shared.messaging.handlers import raising, saying

SECRET = "s3cr3t-value"

EVENT = IngestionEvent(
    tenant_id="tenant-1",
    correlation_id="correlation-1",
    source="salesforce",
    source_id="006",
    event_type="update",
    observed_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    payload={"Name": SECRET},
)


def delivered(**marks: str | int) -> Delivery:
    said = Envelope.of(EVENT, traceparent=None)
    return Delivery(queue=said.queue, message_id=said.id, body=said.body, properties={**said.properties, **marks})


def said_of(record: logging.LogRecord) -> dict[str, Any]:
    plain = vars(logging.LogRecord("", 0, "", 0, "", (), None))
    return {name: value for name, value in vars(record).items() if name not in plain and name not in {"message", "taskName", "asctime"}}


IDS = {
    "message_id": EVENT.id,
    "attempt": 0,
    "queue": "ingestion-events",
    "tenant": "tenant-1",
    "correlation": "correlation-1",
    "source": "salesforce",
}


async def logged(handler: Handler[IngestionEvent], caplog: pytest.LogCaptureFixture, **marks: str | int) -> logging.LogRecord:
    with caplog.at_level(logging.DEBUG):
        await InMemoryPipeline().deliver(delivered(**marks), handler)
    [record] = caplog.records
    assert SECRET not in repr(vars(record))
    return record


async def test_a_handled_message_is_logged_with_its_ids_and_outcome(caplog: pytest.LogCaptureFixture) -> None:
    record = await logged(saying(Unchanged("older")), caplog)

    assert (record.levelname, record.getMessage()) == ("INFO", "message handled")
    assert said_of(record) == {**IDS, "outcome": "unchanged", "reason": "older"}


async def test_a_stored_shard_is_logged_with_its_revision(caplog: pytest.LogCaptureFixture) -> None:
    record = await logged(saying(Stored("9b2d7c4e", 3)), caplog)

    assert said_of(record) == {**IDS, "outcome": "stored", "reason": "content", "shard": "9b2d7c4e", "revision": 3}


async def test_a_failure_of_ours_is_logged_with_its_reason_and_words(caplog: pytest.LogCaptureFixture) -> None:
    record = await logged(raising(Conflict("the shard was written since")), caplog, attempt=2)

    assert (record.levelname, record.getMessage()) == ("WARNING", "message not handled")
    assert said_of(record) == {**IDS, "attempt": 2, "outcome": "later", "reason": "Conflict", "detail": "the shard was written since"}


async def test_a_rejection_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    record = await logged(raising(UnmappableRecord("c_opportunity: required field name is missing")), caplog)

    assert (record.levelname, said_of(record)["outcome"]) == ("ERROR", "rejected")


async def test_of_a_foreign_error_only_its_kind_and_place_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    record = await logged(raising(ValueError(f"cannot read {SECRET}")), caplog)

    said = said_of(record)
    assert record.exc_info is None
    assert {name: value for name, value in said.items() if name != "at"} == {**IDS, "outcome": "later", "reason": "ValueError"}
    assert said["at"].rpartition("/")[2].startswith("handlers.py:")


async def test_a_raised_error_is_logged_like_that_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match="cannot read"):
        await InMemoryPipeline().deliver(delivered(spentOnUnknown=5), raising(ValueError(f"cannot read {SECRET}")))

    [record] = caplog.records
    assert SECRET not in repr(said_of(record))
    assert (record.levelname, said_of(record)["outcome"]) == ("ERROR", "raised")


async def test_a_broken_body_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    broken = Delivery(queue="ingestion-events", message_id="m", body=b'{"tenantId": "' + SECRET.encode(), properties={})

    with caplog.at_level(logging.DEBUG):
        await InMemoryPipeline().deliver(broken, raising(AssertionError()))

    assert SECRET not in repr([vars(record) for record in caplog.records])
    assert said_of(caplog.records[0])["detail"] == "the body is not JSON"
