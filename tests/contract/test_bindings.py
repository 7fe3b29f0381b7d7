"""The binding table, exactly: what the Functions host is told, read from the app in an interpreter of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

WEBHOOK = {
    "type": "httpTrigger",
    "name": "req",
    "direction": "IN",
    "methods": ["POST"],
    "route": "webhooks/salesforce/{key}",
    "authLevel": "ANONYMOUS",
}
ANSWER = {"type": "http", "name": "$return", "direction": "OUT"}
SEARCH = {
    "type": "httpTrigger",
    "name": "req",
    "direction": "IN",
    "methods": ["GET"],
    "route": "v1/search",
    "authLevel": "ANONYMOUS",
}

CONNECTIONS = {**SEARCH, "route": "v1/connections"}
POLL = {"type": "timerTrigger", "name": "timer", "direction": "IN", "schedule": "0 */5 * * * *"}
COMPLETENESS = {**SEARCH, "route": "v1/connections/{id}/completeness"}


def queue(name: str) -> dict[str, str]:
    return {
        "type": "serviceBusTrigger",
        "name": "message",
        "direction": "IN",
        "queueName": name,
        "connection": "SERVICE_BUS",
        "dataType": "BINARY",
    }


LIGHT: dict[str, Any] = {
    "ingestion-salesforce-webhook": [WEBHOOK, ANSWER],
    "ingestion-salesforce-poll": [POLL],
    "ingestion-gdrive-poll": [{**POLL, "schedule": "0 */10 * * * *"}],
    "sync-inbound-worker": [queue("sync-inbound")],
    "sync-inbound-bulk-worker": [queue("sync-inbound-bulk")],
    "normalization-processor": [queue("ingestion-events")],
    "normalization-bulk-processor": [queue("ingestion-events-bulk")],
    "enrichment-processor": [queue("shard-emission")],
    "embedding-pipeline": [queue("enrichment-jobs")],
    "search": [SEARCH, ANSWER],
    "connections-list": [CONNECTIONS, ANSWER],
    "connections-completeness": [COMPLETENESS, ANSWER],
}
HEAVY: dict[str, Any] = {"embedding-worker": [queue("embedding-jobs")]}

DEPLOYMENTS = {None: LIGHT | HEAVY, "": LIGHT | HEAVY, "all": LIGHT | HEAVY, "light": LIGHT, "heavy": HEAVY}

TABLE = """
import json, function_app
print(json.dumps({f.get_function_name(): json.loads(f.get_function_json())["bindings"] for f in function_app.app.get_functions()}))
"""

CALL = """
import asyncio, json, types
import azure.functions as func
from function_app import app

[webhook] = [function for function in app.get_functions() if function.get_function_name() == "ingestion-salesforce-webhook"]

async def call(headers, body, key):
    request = func.HttpRequest("POST", "http://127.0.0.1/", headers=headers, route_params={"key": key}, body=body)
    context = types.SimpleNamespace(trace_context=types.SimpleNamespace(trace_parent=None))
    answer = await webhook.get_user_function()(request, context)
    return answer.status_code, answer.get_body().decode(), answer.headers["Content-Type"]

print(json.dumps(asyncio.run(call(HEADERS, BODY, KEY))))
"""

NOWHERE = {
    "SERVICE_BUS__fullyQualifiedNamespace": "nowhere",
    "COSMOS__accountEndpoint": "nowhere",
    "BLOB__blobServiceUri": "nowhere",
    "EMBEDDING_OFFLINE": "true",
    "AUTH_ISSUER": "nobody",
    "AUTH_AUDIENCE": "nobody",
    "AUTH_JWKS_URL": "nowhere",
}


def told(code: str, environ: dict[str, str]) -> Any:
    """What a fresh interpreter prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answered(headers: dict[str, str], *, body: bytes = b"<not xml", key: str = "short", **environ: str) -> tuple[int, str, str]:
    """What the webhook's function answers to a call that is decided before any service is asked."""
    code = CALL.replace("HEADERS", repr(headers)).replace("BODY", repr(body)).replace("KEY", repr(key))
    status, text, content_type = told(code, {**NOWHERE, **environ})
    return status, text, content_type


@pytest.mark.parametrize("consumer_type", DEPLOYMENTS)
def test_a_deployment_runs_exactly_the_functions_of_its_class(consumer_type: str | None) -> None:
    environ = {} if consumer_type is None else {"CONSUMER_TYPE": consumer_type}

    table = told(TABLE, environ)

    assert table == DEPLOYMENTS[consumer_type]


def test_every_service_bus_trigger_gets_the_exact_bytes_of_a_message() -> None:
    bindings = [binding for bindings in told(TABLE, {}).values() for binding in bindings if binding["type"] == "serviceBusTrigger"]

    assert bindings
    assert {binding["dataType"] for binding in bindings} == {"BINARY"}


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "CONTENT-TYPE"])
def test_the_webhook_reads_headers_whatever_their_case(name: str) -> None:
    assert answered({name: "text/xml; charset=UTF-8"})[0] == 401


def test_the_webhook_tells_the_host_what_was_decided() -> None:
    assert answered({}) == (415, "this kind of content is not read here", "text/plain; charset=utf-8")


def test_the_webhooks_limit_is_a_setting() -> None:
    xml = {"content-type": "text/xml"}

    assert answered(xml, body=b"12345678", SALESFORCE_WEBHOOK_LIMIT_BYTES="8")[0] == 401
    assert answered(xml, body=b"123456789", SALESFORCE_WEBHOOK_LIMIT_BYTES="8")[0] == 413


def test_without_the_setting_the_webhooks_limit_is_16_mb() -> None:
    code = """
import json, os
from ingestion.sources.registry import webhooks
from shared.settings import Settings
print(json.dumps(webhooks(Settings.from_environ(os.environ))["salesforce"].limit_bytes))
"""

    assert told(code, NOWHERE) == 16_777_216


def test_a_mistyped_consumer_type_loads_no_app_instead_of_an_empty_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TABLE], cwd=ROOT, env={"CONSUMER_TYPE": "lihgt"}, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "CONSUMER_TYPE is neither light, nor heavy, nor all" in done.stderr
