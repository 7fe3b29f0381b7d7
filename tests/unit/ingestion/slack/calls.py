"""Calls as Slack makes them: signed by Slack's own signer, in the envelope of an installed app. Everything in them is invented."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from slack_sdk.signature import SignatureVerifier

from ingestion.sources.slack.webhook import SlackWebhook
from ingestion.sources.source import Heard, WebhookRequest
from shared.connections.connection import Connection, Credential

APP, OLDER, NEWER = "A0SHARDLINE", "an-older-secret", "a-newer-secret"
ANOTHER_APP, ANOTHER_SECRET = "A0ANOTHER", "the-secret-of-another-app"
TEAM, ENTERPRISE, BOT = "T0ACME", "E0ACME", "U0SHARDBOT"
SECRETS: Final = {APP: (OLDER, NEWER), ANOTHER_APP: (ANOTHER_SECRET,)}
NOW: Final = datetime(2026, 3, 2, 12, 0, 7, 250_000, tzinfo=UTC)
SECONDS: Final = int(NOW.timestamp())
EVENTS: Final = Path(__file__).parents[3] / "fixtures" / "slack_events"
RECORDED: Final = Path(__file__).parents[4].parent / "shared" / "recorded" / "slack"

Json = Mapping[str, Any]


def slack(secrets: Mapping[str, tuple[str, ...]] = SECRETS) -> SlackWebhook:
    """The webhook as it is deployed."""
    return SlackWebhook(secrets=secrets, limit_bytes=1024 * 1024, now=lambda: NOW)


def signed(body: bytes, *, secret: str = NEWER, at: int = SECONDS) -> WebhookRequest:
    """The call with this body."""
    try:
        signature = SignatureVerifier(secret).generate_signature(timestamp=str(at), body=body)
    except UnicodeDecodeError:  # Slack's signer takes text alone
        signature = "v0=" + hmac.new(secret.encode(), b"v0:%d:" % at + body, "sha256").hexdigest()
    assert signature is not None
    headers = {"content-type": "application/json", "x-slack-request-timestamp": str(at), "x-slack-signature": signature}
    return WebhookRequest(body, headers)


def authorization(team: str | None = TEAM, enterprise: str | None = None, *, is_org_wide: bool = False) -> Json:
    """Of the app, where it is installed."""
    said = {"team_id": team, "enterprise_id": enterprise, "user_id": BOT, "is_bot": True}
    return {**said, "is_enterprise_install": is_org_wide}


def around(event: Any, **outer: Any) -> dict[str, Any]:
    """The envelope of an event. ``outer``: more fields of it, or others; None leaves one out."""
    said = {"token": "deprecated", "team_id": TEAM, "api_app_id": APP, "event": event, "type": "event_callback", "event_id": "Ev0ONE"}
    said |= {
        "event_time": SECONDS,
        "authorizations": [authorization()],
        "is_ext_shared_channel": False,
        "event_context": "4-context",
        **outer,
    }
    return {name: value for name, value in said.items() if value is not None}


def call(said: Any) -> WebhookRequest:
    """The call that says this."""
    return signed(json.dumps(said).encode())


def connection(*, has_token: bool = True, account: str = TEAM) -> Connection:
    """A workspace that is connected."""
    credential = Credential(kind="bot-token", base_url="https://slack.com", client_id=APP, secret_name="slack") if has_token else None
    return Connection(id=f"slack:{account}", tenant_id="acme", source="slack", account=account, credential=credential, created_at=NOW)


def heard(event: Any, *, has_token: bool = True, headers: Mapping[str, str] | None = None, **outer: Any) -> Heard:
    """What an event says, of a call that was verified before. ``headers``: more of them."""
    request = call(around(event, **outer))
    request = replace(request, headers={**request.headers, **(headers or {})})
    slack().verify(request)
    return slack().heard(request, connection(has_token=has_token), NOW)


def in_short(said: Heard) -> dict[str, Any]:
    """What was heard, as the fixtures write it: parts that are empty are left out, and a burst is what may be read instead."""
    told = [
        {
            "type": one.event.event_type,
            "record": f"{one.event.record_type} {one.event.source_id}",
            "says": one.event.payload,
            "speaks for": one.event.coverage if one.event.coverage == "complete" else list(one.event.coverage),
            "in a burst": "told" if one.instead is None else f"read {one.instead.stream} {one.instead.record}",
        }
        for one in said.told
    ]
    reads = [" ".join(filter(None, (hint.stream, hint.record, hint.expects))) for hint in said.hints]
    lost = [f"{lost.stream} {lost.reason}" for lost in said.lost]
    counted = [f"{event.name} {event.treatment}" for event in said.events]
    parts = {"told": told, "read": reads, "lost": lost, "pauses": said.revoked, "counted": counted}
    return {name: part for name, part in parts.items() if part}
