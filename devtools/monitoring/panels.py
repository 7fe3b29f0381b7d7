"""What the workbook shows: the one table of its sections and panels. ``devtools.monitoring.workbook`` makes the file of it."""

from dataclasses import dataclass
from typing import Final, Literal

Shape = Literal["table", "timechart", "barchart"]
"""A line a column, a line over time, or bars over time."""

SERVICE_BUS: Final = "microsoft.servicebus/namespaces"
COSMOS_DB: Final = "microsoft.documentdb/databaseaccounts"


@dataclass(frozen=True)
class Panel:
    """The answer to one query of ``infra/queries``."""

    query: str
    title: str
    """With the unit where a number has one."""
    shape: Shape = "table"
    is_half: bool = True
    """As wide as half the page."""
    red_above_zero: str = ""
    """The column that is marked where it is more than 0."""


@dataclass(frozen=True)
class PlatformPanel:
    """What a service of Azure counts itself, over time."""

    resource_type: str
    metric: str
    aggregation: Literal["Count", "Maximum", "Total"]
    title: str
    split_by: str = ""
    """A dimension. None where most of its values never occur: the portal shows an error for each of them."""


@dataclass(frozen=True)
class Section:
    """A question an operator has."""

    title: str
    answers: str
    """What it shows and what is right, in a sentence or two."""
    when_red: str
    """What to do when it is not; names the alerts, as ``docs/operations.md`` has them."""
    panels: tuple[Panel | PlatformPanel, ...]


SECTIONS: Final = (
    Section(
        "What to look at first",
        "Each line is 0 when all is well. States are those of the last 20 minutes, counts those of the time that is shown; all sources"
        " together.",
        "The last column names the alert: docs/operations.md, “Alerts”, says what it means and what to do.",
        (Panel("signs", "Signs", is_half=False, red_above_zero="value"),),
    ),
    Section(
        "Is everything here?",
        "Connections are read while they are active. A gap is something that is not known to be complete; comparisons close most of"
        " them within a day.",
        "connection-paused, gap-open-all-day. `python -m ops completeness ID` says of one connection, stream by stream, what is missing.",
        (
            Panel("connections", "Connections now"),
            Panel("connection-pauses", "Pauses, the newest first"),
            Panel("gaps-open", "Open gaps", "timechart"),
            Panel("gaps-opened", "Gaps opened or seen again"),
            Panel("readers-unknown", "Records whose readers are unknown", is_half=False),
        ),
    ),
    Section(
        "What goes through, by source and stage",
        "What came in is stored, unchanged, or ignored on purpose. A message that is retried comes back later by itself; one that is"
        " rejected is parked.",
        "rejected-share, webhook-failures, webhook-5xx. The reasons are below, under “Errors”.",
        (
            Panel("received", "Records that came in", "barchart"),
            Panel("flow-over-time", "Messages by how they ended", "barchart"),
            Panel("flow", "Messages by stage and source", is_half=False),
            Panel("records-read", "Records read"),
            Panel("webhook-calls", "Webhook calls answered"),
            Panel("webhook-events", "Events vendors told of"),
            Panel("published", "Messages handed to the broker"),
            Panel("claim-checked", "Messages with their body in blob storage", is_half=False),
        ),
    ),
    Section(
        "How late is it?",
        "From when a record was observed. Live changes take seconds; a back-fill's may take hours. Of many records within a minute the"
        " mean stands"
        " for each, so p50 and p95 are a little too even; the longest is exact.",
        "lag-to-shard, lag-to-vector. The oldest queue, below, is before the slow stage.",
        (
            Panel("shard-lag", "Lag to the shard, seconds"),
            Panel("shard-lag-over-time", "Lag of live changes to the shard, p95, seconds", "timechart"),
            Panel("vector-lag", "Lag to the vectors, seconds"),
            Panel("vector-lag-over-time", "Lag to the vectors, p95, seconds", "timechart"),
        ),
    ),
    Section(
        "Queues",
        "How long the oldest message has been due. Queues whose name ends in `-bulk` belong to back-fills and may wait. Anything"
        " dead-lettered waits"
        " for a person, and so does what is on `rejected-messages`.",
        "queue-stands-still, bulk-queue-stands-still, dead-letters, many-dead-letters, dead-letters-forgotten, parked-near-ttl,"
        " breaker-held, service-bus-throttled. `python -m ops rejected list`, `python -m ops dead-letters list`.",
        (
            Panel("queues", "Oldest messages now"),
            Panel("queues-over-time", "Oldest waiting message, minutes", "timechart"),
            Panel("breakers", "Breakers"),
            PlatformPanel(SERVICE_BUS, "DeadletteredMessages", "Maximum", "Dead letters, as Service Bus counts them", "EntityName"),
            PlatformPanel(SERVICE_BUS, "ThrottledRequests", "Total", "Requests Service Bus refused for now"),
        ),
    ),
    Section(
        "Vendors",
        "How much of a vendor's allowance is used, by whomever, and what came of our requests. Salesforce counts a day, and at half of it"
        " we stop, unless the connection says otherwise; Google Drive and Slack count minutes, and 100 means that we are waiting.",
        "vendor-budget. `RateLimited` in small numbers is normal; `ConfigurationError` means that a connection is not let in.",
        (
            Panel("budgets-over-time", "API budget used, percent", "timechart"),
            Panel("vendor-requests", "Requests by outcome"),
        ),
    ),
    Section(
        "Linking and suggestions",
        "Links that enrichment made, and what it would rather have asked a person.",
        "Where links are withdrawn as fast as they are made, two rules contradict each other: `python -m ops linking show`. Anchors"
        " that are left out"
        " mean that a tenant has more of them than a worker holds.",
        (
            Panel("links", "Links"),
            Panel("suggestions", "Suggested links"),
            Panel("mentions", "Mentions in linked shards"),
            Panel("placeholders", "Placeholders made"),
            Panel("linking-work", "Work besides", is_half=False),
        ),
    ),
    Section(
        "Embedding",
        "What the model was given and what it was paid for. What was asked for again and not embedded again cost nothing.",
        "Cost that climbs without records that came in: something is embedded again and again; compare `reused` with `texts`.",
        (
            Panel("embedding", "By model"),
            Panel("embedding-cost", "Cost, US dollars", "barchart"),
        ),
    ),
    Section(
        "Cosmos DB",
        "Request units are what the database is paid for.",
        "cosmos-throttled. The operation with most of them, in the table, is where to begin.",
        (
            Panel("request-units", "Request units by container", "timechart"),
            Panel("request-units-by-operation", "Request units by operation"),
            PlatformPanel(
                COSMOS_DB,
                "NormalizedRUConsumption",
                "Maximum",
                "Share of the throughput used, percent (not of a serverless account)",
                "CollectionName",
            ),
            PlatformPanel(COSMOS_DB, "TotalRequests", "Count", "Requests by status code (429: refused for now)", "StatusCode"),
        ),
    ),
    Section(
        "Errors",
        "Why messages did not go through. `later` mends itself, `rejected` is parked, `raised` is a bug and becomes a dead letter.",
        "docs/errors.md says what each reason means. breaker-opened, claim-lost.",
        (
            Panel("errors", "Messages by reason", is_half=False),
            Panel("logged-errors", "Log lines of level error"),
            Panel("exceptions", "Errors the host saw"),
            Panel("measuring-failures", "Measurements that failed", is_half=False),
        ),
    ),
    Section(
        "The API",
        "Search, links and connections. `refused` is a token, `malformed` and `missing` are the caller's; `unavailable` and `failed`"
        " are ours.",
        "api-failing. docs/operations.md, “The API answers 503”.",
        (
            Panel("api-calls-over-time", "Calls by outcome", "barchart"),
            Panel("api-calls", "Calls by function"),
            Panel("api-durations", "How long an answer takes, milliseconds", is_half=False),
        ),
    ),
)
