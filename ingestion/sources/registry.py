"""The sources that push: the one list."""

from collections.abc import Callable
from datetime import datetime

from ingestion.sources.salesforce.webhook import SalesforceWebhook
from ingestion.sources.slack.webhook import SlackWebhook
from ingestion.sources.source import Webhook
from shared.settings import Settings


def webhooks(settings: Settings, now: Callable[[], datetime]) -> dict[str, Webhook]:
    """Every webhook by its source's name."""
    slack = settings.slack
    known: tuple[Webhook, ...] = (
        SalesforceWebhook(limit_bytes=settings.salesforce.webhook_limit_bytes),
        SlackWebhook(secrets=slack.secrets_of_apps, limit_bytes=slack.webhook_limit_bytes, now=now),
    )
    return {webhook.source: webhook for webhook in known}
