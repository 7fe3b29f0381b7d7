"""The closed set of metric and span names, with what each says.

A name that is not here cannot be used: ports take the enum, ``docs/telemetry.md`` is generated from it, alerts and the workbook are checked
against it. Names follow OpenTelemetry's general naming (dots between nouns, no units in a name); units are UCUM, with what is counted in
braces.
"""

from enum import StrEnum


class Instrument(StrEnum):
    """How a metric is taken."""

    COUNTER = "counter"
    """Added to; only ever grows."""
    HISTOGRAM = "histogram"
    """Single values, of which the distribution is kept."""
    GAUGE = "gauge"
    """A value at a moment, sent once each time it is set."""


_COUNTER, _HISTOGRAM, _GAUGE = Instrument


class Metric(StrEnum):
    """What is measured: name, instrument, unit, attributes, and its line in the documentation."""

    instrument: Instrument
    unit: str
    attributes: tuple[str, ...]
    """All of them are said each time."""
    meaning: str
    """Names each attribute in backticks."""

    def __new__(cls, name: str, instrument: Instrument, unit: str, attributes: str, meaning: str) -> "Metric":
        member = str.__new__(cls, name)
        member._value_ = name
        member.instrument = instrument
        member.unit = unit
        member.attributes = tuple(attributes.split())
        member.meaning = meaning
        return member

    WEBHOOK_REQUESTS = (
        "shardline.webhook.requests",
        _COUNTER,
        "{call}",
        "source outcome",
        "Webhook calls answered, by `source` and `outcome`.",
    )
    WEBHOOK_EVENTS = (
        "shardline.webhook.events",
        _COUNTER,
        "{event}",
        "source",
        "Events taken from webhook calls and put on the queue, by `source`.",
    )
    WEBHOOK_HEARD = (
        "shardline.webhook.heard",
        _COUNTER,
        "{event}",
        "source event treatment",
        "Events of a vendor that tells of many kinds, by `source`, `event` and `treatment`: `handled`, `ignored` or `unrecognised`.",
    )
    SYNC_RECORDS = (
        "shardline.sync.records",
        _COUNTER,
        "{record}",
        "source kind",
        "Records a poller put on the queue, by `source` and `kind` of run.",
    )
    SOURCE_REQUESTS = (
        "shardline.source.requests",
        _COUNTER,
        "{request}",
        "source operation outcome",
        "Requests made of a vendor, by `source`, `operation` and `outcome`.",
    )
    SOURCE_BUDGET_USED = (
        "shardline.source.budget_used",
        _GAUGE,
        "1",
        "source",
        "Largest share of the vendor's API budget used (0 to 1) over the connections of a `source`, as last heard from the vendor.",
    )
    MESSAGES_PUBLISHED = (
        "shardline.messages.published",
        _COUNTER,
        "{message}",
        "type source",
        "Messages handed to the broker, by `type` and `source`.",
    )
    MESSAGES_HANDLED = (
        "shardline.messages.handled",
        _COUNTER,
        "{message}",
        "type outcome reason source",
        "Messages a handler finished with, by `type` (the stage), `outcome`, `reason` and the `source` of the record they are about;"
        " empty where nobody can say.",
    )
    MESSAGES_CLAIM_CHECKED = (
        "shardline.messages.claim_checked",
        _COUNTER,
        "{message}",
        "type",
        "Messages whose body went to blob storage, by `type`.",
    )
    BREAKER_OPENED = (
        "shardline.delivery.breaker_opened",
        _COUNTER,
        "{opening}",
        "type",
        "Times that a breaker opened: too many messages of a `type` failed, and failures are put off.",
    )
    BREAKER_HELD = (
        "shardline.delivery.breaker_held",
        _COUNTER,
        "{message}",
        "type",
        "Failures put off because the breaker of their `type` is open.",
    )
    LAG_SHARD = (
        "shardline.lag.shard",
        _HISTOGRAM,
        "s",
        "source pace",
        "From when the vendor's record was observed to when its shard was stored, by `source` and `pace`: `live`, `bulk` or `replay`.",
    )
    LAG_VECTOR = (
        "shardline.lag.vector",
        _HISTOGRAM,
        "s",
        "source pace",
        "From when the shard's record was observed to when its vectors are stored, by `source` and `pace`.",
    )
    QUEUE_AGE = (
        "shardline.queue.age",
        _GAUGE,
        "s",
        "queue part",
        "Age of the oldest message of a `queue`, by `part`: `active` or `dead-letter`; 0 when there is none.",
    )
    CONNECTIONS = (
        "shardline.connections",
        _GAUGE,
        "1",
        "source status",
        "Connections, by `source` and `status`: `active` or `paused`.",
    )
    ACL_UNKNOWN = (
        "shardline.acl.unknown",
        _COUNTER,
        "{record}",
        "source record_type",
        "Records whose readers are unknown and which only admins see, by `source` and `record_type`.",
    )
    PLACEHOLDERS = (
        "shardline.enrichment.placeholders",
        _COUNTER,
        "{shard}",
        "type",
        "Shards made for records that others name and that were not seen yet, by `type`.",
    )
    ANCHORS_LEFT_OUT = (
        "shardline.linking.anchors_left_out",
        _COUNTER,
        "{look}",
        "",
        "Looks at the anchors of a tenant that has more of them than a worker holds: some are not recognised.",
    )
    ENTITIES = (
        "shardline.linking.entities",
        _COUNTER,
        "{mention}",
        "kind",
        "Mentions found in shards that are linked, by `kind`.",
    )
    LINKS = (
        "shardline.linking.links",
        _COUNTER,
        "{link}",
        "change type features",
        "Links that enrichment found or took away, by `change` (`made`, `withdrawn`), `type` of relationship and number of `features`.",
    )
    SUGGESTIONS = (
        "shardline.linking.suggestions",
        _COUNTER,
        "{suggestion}",
        "change type",
        "Suggested links stored by enrichment, by `change` (`made`, `refreshed`, `withdrawn`, `decided`) and `type` of relationship.",
    )
    RELINKS = (
        "shardline.linking.relinks",
        _COUNTER,
        "{shard}",
        "",
        "Shards announced to be linked anew because of another one.",
    )
    EMBEDDING_TEXTS = (
        "shardline.embedding.texts",
        _COUNTER,
        "{text}",
        "model",
        "Texts a model made vectors of, by `model`.",
    )
    EMBEDDING_BYTES = (
        "shardline.embedding.bytes",
        _COUNTER,
        "By",
        "model",
        "Bytes of these texts, by `model`.",
    )
    EMBEDDING_TOKENS = (
        "shardline.embedding.tokens",
        _COUNTER,
        "{token}",
        "model",
        "Tokens the model was paid for, where it says, by `model`.",
    )
    EMBEDDING_COST = (
        "shardline.embedding.cost",
        _COUNTER,
        "USD",
        "model",
        "What these tokens cost in US dollars at the price that is set, by `model`.",
    )
    EMBEDDING_BATCHES = (
        "shardline.embedding.batches",
        _COUNTER,
        "{batch}",
        "model",
        "Batches the texts went in, by `model`.",
    )
    EMBEDDING_REUSED = (
        "shardline.embedding.reused",
        _COUNTER,
        "{text}",
        "model",
        "Texts that were asked for again and not embedded again, by `model`.",
    )
    COSMOS_REQUEST_UNITS = (
        "shardline.cosmos.request_units",
        _COUNTER,
        "RU",
        "container operation",
        "Request units that Cosmos DB charged, by `container` and `operation`.",
    )
    API_REQUESTS = (
        "shardline.api.requests",
        _COUNTER,
        "{call}",
        "function outcome",
        "Calls of our own API answered, by `function` and `outcome`.",
    )
    GAPS_OPENED = (
        "shardline.gaps.opened",
        _COUNTER,
        "{gap}",
        "reason",
        "Gaps opened or seen again, by `reason`.",
    )
    GAPS_OPEN = (
        "shardline.gaps.open",
        _GAUGE,
        "1",
        "source reason",
        "Gaps that are open, by `source` and `reason`.",
    )
    MEASURING_FAILED = (
        "shardline.measuring.failed",
        _COUNTER,
        "{part}",
        "part",
        "Parts of a round of measuring that could not be measured, by `part`: `queues`, `connections`, `gaps` or `budgets`.",
    )


class Span(StrEnum):
    """What is timed as a step of one trace."""

    WEBHOOK = "webhook"
    SCHEDULE = "schedule"
    HANDLE = "handle message"
    RECORD = "record of a batch"
    SEND = "send"
    VENDOR = "vendor call"
    MODEL = "model call"
    API = "api"
    MEASURE = "measure"
