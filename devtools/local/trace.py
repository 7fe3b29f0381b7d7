"""One record's way through the pipeline, step by step, from the host's log lines and the queues."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from devtools.local.tables import table
from shared.shards.model import Shard


@dataclass(frozen=True)
class Step:
    """One thing that happened."""

    at: datetime
    where: str
    what: str

    def plain(self) -> dict[str, str]:
        """For JSON."""
        return {"at": self.at.isoformat(), "where": self.where, "what": self.what}

    @classmethod
    def read(cls, step: dict[str, str]) -> "Step":
        """From JSON."""
        return cls(datetime.fromisoformat(step["at"]), step["where"], step["what"])


def steps(shard: Shard, *, log: Path, emitted: Iterable[dict[str, Any]]) -> list[Step]:
    """What the log and the queue say about the shard, in order of time."""
    correlation = shard.metadata.correlation_id
    found = []
    for line in _log_lines(log):
        if line.get("correlation") != correlation:
            continue
        at = datetime.fromisoformat(line["time"])
        match line["message"]:
            case "webhook call answered":
                found.append(Step(at, "HTTP webhook", f"{line['outcome']}: {line['events']} events are on ingestion-events, Ack true"))
            case "message handled" if line.get("shard") == shard.id:
                said = f"message {line['message_id']}: {line['outcome']} shard {shard.id}, revision {line['revision']}"
                found.append(Step(at, "normalization", said))
    found.append(Step(shard.updated_at, "Cosmos DB", f"container shards: {shard.shard_type_id} {shard.structured_data.get('name')!r}"))
    for message in emitted:
        if message["body"].get("shardId") == shard.id:
            at = datetime.fromisoformat(message["enqueuedAt"])
            found.append(Step(at, "shard-emission", f"ShardEmitted {message['id']} ({message['body']['cause']}) waits for enrichment"))
    return sorted(found, key=lambda step: step.at)


def rendered(found: list[Step]) -> str:
    """A table of the steps, with milliseconds from the first."""
    if not found:
        return "no step of this record is in the log"
    rows = [(f"+{(step.at - found[0].at).total_seconds() * 1000:.0f} ms", step.where, step.what) for step in found]
    return table(("after", "where", "what"), rows)


def _log_lines(log: Path) -> Iterable[dict[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("{"):
                yield json.loads(line)
