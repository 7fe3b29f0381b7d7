"""The sources that push: the one list."""

from ingestion.sources.salesforce.webhook import SalesforceWebhook
from ingestion.sources.source import Webhook
from shared.settings import Settings


def webhooks(settings: Settings) -> dict[str, Webhook]:
    """Every webhook by its source's name."""
    known: tuple[Webhook, ...] = (SalesforceWebhook(limit_bytes=settings.salesforce.webhook_limit_bytes),)
    return {webhook.source: webhook for webhook in known}
