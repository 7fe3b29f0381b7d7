"""The binding table, exactly: what the Functions host is told, read from the app in an interpreter of its own."""

import hmac
import json
import re
import subprocess
import sys
import time
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
SLACK_APP = "A0SHARDLINE"
CHALLENGE = json.dumps({"token": "t", "challenge": "a-challenge", "type": "url_verification", "api_app_id": SLACK_APP}).encode()
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
SUGGESTED = {**SEARCH, "route": "v1/suggested-links"}
LINKS = {**SEARCH, "route": "v1/shards/{id}/links"}


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
    "ingestion-slack-webhook": [{**WEBHOOK, "route": "webhooks/slack"}, ANSWER],
    "ingestion-slack-poll": [{**POLL, "schedule": "0 */10 * * * *"}],
    "sync-inbound-worker": [queue("sync-inbound")],
    "sync-inbound-bulk-worker": [queue("sync-inbound-bulk")],
    "telemetry-measure": [{**POLL, "schedule": "30 */5 * * * *"}],
    "normalization-processor": [queue("ingestion-events")],
    "normalization-bulk-processor": [queue("ingestion-events-bulk")],
    "enrichment-processor": [queue("shard-emission")],
    "embedding-pipeline": [queue("enrichment-jobs")],
    "search": [SEARCH, ANSWER],
    "connections-list": [CONNECTIONS, ANSWER],
    "connections-completeness": [COMPLETENESS, ANSWER],
    "suggested-links-list": [SUGGESTED, ANSWER],
    "suggested-links-approve": [{**SUGGESTED, "methods": ["POST"], "route": "v1/suggested-links/{id}/approve"}, ANSWER],
    "suggested-links-reject": [{**SUGGESTED, "methods": ["POST"], "route": "v1/suggested-links/{id}/reject"}, ANSWER],
    "suggested-links-approve-all": [{**SUGGESTED, "methods": ["POST"], "route": "v1/suggested-links/approve-all"}, ANSWER],
    "links-list": [LINKS, ANSWER],
    "links-add": [{**LINKS, "methods": ["POST"]}, ANSWER],
    "links-remove": [{**LINKS, "methods": ["DELETE"], "route": "v1/shards/{id}/links/{edgeId}"}, ANSWER],
}
HEAVY: dict[str, Any] = {"embedding-worker": [queue("embedding-jobs")]}
EVERY: dict[str, Any] = {"health": [{**SEARCH, "route": "health"}, ANSWER], "ready": [{**SEARCH, "route": "ready"}, ANSWER]}

ALL = LIGHT | HEAVY | EVERY
DEPLOYMENTS = {None: ALL, "": ALL, "all": ALL, "light": LIGHT | EVERY, "heavy": HEAVY | EVERY}

TABLE = """
import json, function_app
print(json.dumps({f.get_function_name(): json.loads(f.get_function_json())["bindings"] for f in function_app.app.get_functions()}))
"""

CALL = """
import asyncio, json, sys, types
import azure.functions as func
from function_app import app

[webhook] = [function for function in app.get_functions() if function.get_function_name() == NAME]

async def call(headers, body, key):
    request = func.HttpRequest("POST", "http://127.0.0.1/", headers=headers, route_params={"key": key}, body=body)
    context = types.SimpleNamespace(trace_context=types.SimpleNamespace(trace_parent=None))
    answer = await webhook.get_user_function()(request, context)
    return answer.status_code, answer.get_body().decode(), answer.headers["Content-Type"]

answer = asyncio.run(call(HEADERS, BODY, KEY))
print(json.dumps([answer, sorted(sys.modules)]))
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


def called(name: str, headers: dict[str, str], body: bytes, key: str, environ: dict[str, str]) -> tuple[tuple[int, str, str], list[str]]:
    """What a webhook's function answers to a call that is decided before any service is asked, and what was imported by then."""
    code = CALL.replace("HEADERS", repr(headers)).replace("BODY", repr(body)).replace("KEY", repr(key)).replace("NAME", repr(name))
    (status, text, content_type), modules = told(code, {**NOWHERE, **environ})
    return (status, text, content_type), modules


def answered(headers: dict[str, str], *, body: bytes = b"<not xml", key: str = "short", **environ: str) -> tuple[int, str, str]:
    """What Salesforce would hear."""
    return called("ingestion-salesforce-webhook", headers, body, key, environ)[0]


def answered_to_slack(body: bytes, *, word: str = "s3cret", content_type: str = "application/json", **environ: str) -> tuple[int, str, str]:
    """What Slack would hear that signs with this word, where ours is ``s3cret``."""
    headers = {"content-type": content_type, **signed(body, word)}
    return called("ingestion-slack-webhook", headers, body, "", {"SLACK_SIGNING_SECRETS": f"{SLACK_APP}=s3cret", **environ})[0]


def signed(body: bytes, word: str) -> dict[str, str]:
    """The headers of a call that is of now."""
    moment = str(int(time.time()))
    digest = hmac.new(word.encode(), b"v0:%b:%b" % (moment.encode(), body), "sha256").hexdigest()
    return {"X-Slack-Request-Timestamp": moment, "X-Slack-Signature": f"v0={digest}"}


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


def test_without_the_settings_the_webhooks_limits_are_16_mb_and_1_mb() -> None:
    code = """
import json, os
from ingestion.sources.registry import webhooks
from shared.hosting.services import now
from shared.settings import Settings
print(json.dumps({name: webhook.limit_bytes for name, webhook in webhooks(Settings.from_environ(os.environ), now).items()}))
"""

    assert told(code, NOWHERE) == {"salesforce": 16_777_216, "slack": 1_048_576}


def test_slack_hears_its_challenge_and_nothing_that_a_browser_would_show() -> None:
    assert answered_to_slack(CHALLENGE) == (200, "a-challenge", "text/plain; charset=utf-8")


def test_whoever_signs_with_another_secret_or_with_none_of_ours_hears_nothing() -> None:
    assert answered_to_slack(CHALLENGE, word="other")[:2] == (401, "")
    assert answered_to_slack(CHALLENGE, SLACK_SIGNING_SECRETS="")[:2] == (401, "")


def test_slacks_webhook_has_a_limit_and_a_kind_of_content() -> None:
    assert answered_to_slack(CHALLENGE, SLACK_WEBHOOK_LIMIT_BYTES=str(len(CHALLENGE) - 1))[0] == 413
    assert answered_to_slack(CHALLENGE, content_type="application/x-www-form-urlencoded")[0] == 415


@pytest.mark.parametrize("name", ["ingestion-salesforce-webhook", "ingestion-slack-webhook"])
def test_a_webhook_waits_for_no_client_of_a_vendor_to_be_imported(name: str) -> None:
    headers = {"content-type": "application/json", **signed(CHALLENGE, "s3cret")}

    _, modules = called(name, headers, CHALLENGE, "short", {"SLACK_SIGNING_SECRETS": f"{SLACK_APP}=s3cret"})

    assert "ingestion.sources.slack.webhook" in modules
    assert [module for module in modules if module.partition(".")[0] in {"httpx", "httpx2"}] == []
    assert [module for module in modules if module in {"ingestion.poller", "ingestion.record_reading", "ingestion.sources.polled"}] == []
    assert [module for module in modules if re.fullmatch(r"ingestion\.sources\.\w+\.(poller|client|answers)", module)] == []


def test_a_mistyped_consumer_type_loads_no_app_instead_of_an_empty_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TABLE], cwd=ROOT, env={"CONSUMER_TYPE": "lihgt"}, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "CONSUMER_TYPE is neither light, nor heavy, nor all" in done.stderr
