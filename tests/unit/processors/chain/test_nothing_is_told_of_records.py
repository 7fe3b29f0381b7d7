"""Whatever a record holds, and however broken it is: nothing of it is in a log line, on a span or in a measurement."""

import json
import logging
from typing import Any

import pytest

from devtools.fakes.pipeline import STAGES
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.messaging.envelope import Envelope
from shared.telemetry.names import Metric
from shared.telemetry.tracing import current_traceparent
from tests.plugins.seen_spans import Spans
from tests.unit.processors.chain.records import account, contact, deal, gone, lead, person, settle
from tests.unit.processors.chain.test_chain_traces import called, traced_pipeline

pytest_plugins = ["tests.plugins.traces"]

SECRETS = ("s3cr3t-name", "s3cr3t@example.com", "+1 555 010 7788", "eyJhbGciOi.s3cr3t.token")
NAME, MAIL, PHONE, TOKEN = SECRETS

RECORDS: list[IngestionEvent] = [
    account(Name=NAME, Website=f"https://{NAME}.example", Phone=PHONE, Description=f"Write to {MAIL}. {TOKEN}"),
    contact(LastName=NAME, Email=MAIL, Phone=PHONE, Description=TOKEN),
    lead(LastName=NAME, Company=NAME, Email=MAIL),
    person(Name=NAME, Email=MAIL, Username=MAIL),
    deal(Name=NAME, Description=f"{MAIL} {TOKEN}"),
    deal(Name={"nested": NAME}, Amount=TOKEN, CloseDate=MAIL),
    account(Name=[NAME], SystemModstamp=MAIL),
    contact(LastName=None, Email={"x": MAIL}),
    account().model_copy(update={"payload": {TOKEN: NAME, NAME: MAIL}}),
    gone(account(Name=NAME), saved=9),
    account(Name=NAME).model_copy(update={"record_type": "Unheard__c"}),
    account(Name=NAME).model_copy(update={"source": "nobody"}),
]


def everything_said(spans: Spans, metrics: Any, caplog: pytest.LogCaptureFixture) -> str:
    lines = [repr({name: value for name, value in vars(record).items() if name != "pathname"}) for record in caplog.records]
    measured = [repr(metrics.said(metric)) for metric in Metric]
    return "\n".join([*lines, *(span.to_json() for span in spans.all()), *measured])


@pytest.mark.parametrize("alone", [True, False], ids=["live", "in a batch"])
async def test_of_records_nothing_is_told(alone: bool, spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = traced_pipeline()

    with caplog.at_level(logging.DEBUG):
        if alone:
            for record in RECORDS:
                await called(pipeline, record)
        else:
            connection = RECORDS[0].connection_id
            assert connection is not None
            await pipeline.publisher.publish(IngestionBatch(tenant_id="acme", connection_id=connection, events=tuple(RECORDS)))
        await settle(pipeline)
        said = everything_said(spans, pipeline.metrics, caplog)

    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="stored") > 0
    assert pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome="rejected") > 0
    assert caplog.records
    assert [secret for secret in SECRETS if secret in said] == []


@pytest.mark.parametrize("body", [NAME, json.dumps({"type": NAME}), json.dumps({NAME: MAIL, "payload": TOKEN}), f'{{"tenantId": "{NAME}'])
async def test_of_messages_that_nobody_can_read_nothing_is_told(body: str, spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = traced_pipeline()

    with caplog.at_level(logging.DEBUG):
        for queue in STAGES:
            traceparent = current_traceparent() or "nonsense"
            await pipeline.transport.send(Envelope(queue, f"m-{queue}", body.encode(), {"traceparent": traceparent}))
        await settle(pipeline)
        said = everything_said(spans, pipeline.metrics, caplog)

    assert [secret for secret in SECRETS if secret in said] == []
