"""The closed set of metric and span names, with what each counts.

A name that is not here cannot be counted: ports take the enum, ``docs/telemetry.md`` is generated from it. Names follow OpenTelemetry's
general naming (dots between nouns, no units in the name of a count).
"""

from enum import StrEnum


class Metric(StrEnum):
    """What is counted. The docstring of a member is its line in the documentation."""

    meaning: str

    def __new__(cls, name: str, meaning: str) -> "Metric":
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        return member

    WEBHOOK_REQUESTS = "shardline.webhook.requests", "Webhook calls answered, by `source` and `outcome`."
    WEBHOOK_EVENTS = "shardline.webhook.events", "Events taken from webhook calls and put on the queue, by `source`."
    WEBHOOK_HEARD = (
        "shardline.webhook.heard",
        "Events of a vendor that tells of many kinds, by `source`, `event` and `treatment`: `handled`, `ignored` or `unrecognised`.",
    )
    SYNC_RECORDS = "shardline.sync.records", "Records a poller put on the queue, by `source` and `kind` of run."
    SOURCE_REQUESTS = "shardline.source.requests", "Requests made of a vendor, by `source`, `operation` and `outcome`."
    MESSAGES_PUBLISHED = "shardline.messages.published", "Messages handed to the broker, by `type`."
    MESSAGES_HANDLED = "shardline.messages.handled", "Messages a handler finished with, by `type`, `outcome` and `reason`."
    MESSAGES_CLAIM_CHECKED = "shardline.messages.claim_checked", "Messages whose body went to blob storage, by `type`."
    BREAKER_HELD = "shardline.delivery.breaker_held", "Failures put off because the breaker of their `type` is open."
    ACL_UNKNOWN = "shardline.acl.unknown", "Records whose readers are unknown and which only admins see, by `source` and `record_type`."
    PLACEHOLDERS = "shardline.enrichment.placeholders", "Shards made for records that others name and that were not seen yet, by `type`."
    ANCHORS_LEFT_OUT = (
        "shardline.linking.anchors_left_out",
        "Looks at the anchors of a tenant that has more of them than a worker holds: some are not recognised.",
    )
    ENTITIES = "shardline.linking.entities", "Mentions found in shards that are linked, by `kind`."
    LINKS = (
        "shardline.linking.links",
        "Links that enrichment found or took away, by `change` (`made`, `withdrawn`), `type` of relationship and number of `features`.",
    )
    SUGGESTIONS = (
        "shardline.linking.suggestions",
        "Suggested links stored by enrichment, by `change` (`made`, `refreshed`, `withdrawn`, `decided`) and `type` of relationship.",
    )
    RELINKS = "shardline.linking.relinks", "Shards announced to be linked anew because of another one."
    EMBEDDING_TEXTS = "shardline.embedding.texts", "Texts a model made vectors of, by `model`."
    EMBEDDING_BYTES = "shardline.embedding.bytes", "Bytes of these texts, by `model`."
    EMBEDDING_TOKENS = "shardline.embedding.tokens", "Tokens the model was paid for, where it says, by `model`."
    EMBEDDING_BATCHES = "shardline.embedding.batches", "Batches the texts went in, by `model`."
    EMBEDDING_REUSED = "shardline.embedding.reused", "Texts that were asked for again and not embedded again, by `model`."
    API_REQUESTS = "shardline.api.requests", "Calls of our own API answered, by `function` and `outcome`."
    GAPS_OPENED = "shardline.gaps.opened", "Gaps opened or seen again, by `reason`."


class Span(StrEnum):
    """What is timed as a step of one trace."""

    WEBHOOK = "webhook"
    SCHEDULE = "schedule"
    HANDLE = "handle message"
    API = "api"
