"""The sources that are polled: the one list. Apart from those that push: a webhook's worker must not load a client of every vendor."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import httpx2

from ingestion.sources.gdrive import quota
from ingestion.sources.gdrive.poller import GDrivePoller
from ingestion.sources.salesforce import account
from ingestion.sources.salesforce.poller import SalesforcePoller
from ingestion.sources.slack import budget
from ingestion.sources.slack.poller import SlackPoller
from ingestion.sources.source import Poller
from shared.connections.secrets import Secrets
from shared.settings import Settings
from shared.shards.record_index import RecordIndex
from shared.streams.state import Cursor, StreamStates
from shared.telemetry.metrics import Metrics

BUDGETS: Final[Mapping[str, Callable[[Cursor, datetime], float | None]]] = {
    "salesforce": account.share_used,
    "gdrive": quota.share_used,
    "slack": budget.share_used,
}
"""By source: how much of the vendor's allowance is used (0 to 1), by what a connection's workers share; None where that does not say."""


def pollers(
    settings: Settings,
    *,
    http: httpx2.AsyncClient,
    secrets: Secrets,
    states: StreamStates,
    index: RecordIndex,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> dict[str, Poller]:
    """Every poller by its source's name."""
    overlap = timedelta(seconds=settings.sync.overlap_seconds)
    version = settings.salesforce.api_version
    known: tuple[Poller, ...] = (
        SalesforcePoller(http=http, secrets=secrets, states=states, metrics=metrics, now=now, api_version=version, overlap=overlap),
        GDrivePoller(
            http=http,
            secrets=secrets,
            states=states,
            metrics=metrics,
            now=now,
            api_base_url=settings.gdrive.api_base_url,
            directory_base_url=settings.gdrive.directory_base_url,
        ),
        SlackPoller(
            http=http,
            secrets=secrets,
            states=states,
            index=index,
            metrics=metrics,
            now=now,
            api_base_url=settings.slack.api_base_url,
            app_tokens=settings.slack.tokens_of_apps,
        ),
    )
    return {poller.source: poller for poller in known}
