"""``trace``: one record's way through the pipeline, step by step, from the host's log lines."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from devtools.local.output import failed, show_json
from devtools.local.run import Run, folder_of
from devtools.local.shard import shards_of
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


STAGES: Final = {
    "ingestion-events": "normalization",
    "shard-emission": "enrichment",
    "enrichment-jobs": "embedding pipeline",
    "embedding-jobs": "embedding worker",
}
"""Who reads a queue."""


async def command(options: argparse.Namespace) -> int:
    """Show the steps of the one shard whose id begins so."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    found = [shard for shard in await shards_of(run, tenant_id=options.tenant or run.tenant_id) if shard.id.startswith(options.id)]
    if len(found) != 1:
        return failed(f"{len(found)} shards begin with {options.id}: python -m devtools shard lists them")
    way = steps(found[0], log=folder / "logs" / "host.log")
    if options.json:
        show_json({"shard": found[0].document(), "steps": [step.plain() for step in way]})
    else:
        print(f"{rendered(way)}\n\n{ends(found[0])}")
    return 0


def steps(shard: Shard, *, log: Path) -> list[Step]:
    """What the log says about the shard, in order of time: all that the calls and polls led to which had news of it."""
    lines = [line for line in _log_lines(log) if "correlation" in line]
    correlations = {shard.metadata.correlation_id, *(line["correlation"] for line in lines if line.get("shard") == shard.id)}
    found = []
    for line in lines:
        if line["correlation"] not in correlations:
            continue
        at = datetime.fromisoformat(line["time"])
        match line["message"]:
            case "webhook call answered":
                found.append(Step(at, "HTTP webhook", f"{line['outcome']}: {line['events']} events are on ingestion-events, Ack true"))
            case "message handled" if line.get("shard") == shard.id:
                what = f"message {line['message_id']}: {line['outcome']} ({line['reason']}), revision {line['revision']}"
                found.append(Step(at, STAGES.get(line["queue"], line["queue"]), what))
            case "message not handled" if line.get("queue") in STAGES:
                found.append(Step(at, STAGES[line["queue"]], f"message {line['message_id']}: {line['outcome']} ({line['reason']})"))
    return sorted(found, key=lambda step: step.at)


def ends(shard: Shard) -> str:
    """What there is in the end, a line each."""
    lines = [
        f"shard {shard.id} ({shard.shard_type_id}) {shard.structured_data.get('name')!r}, revision {shard.revision_number}, {shard.status}"
    ]
    for edge in shard.internal_relationships:
        metadata = edge.get("metadata")
        said = f", confidence {metadata.get('confidence')}, source {metadata.get('source')}" if isinstance(metadata, dict) else ""
        lines.append(f"linked: {edge.get('relationshipType')} {edge.get('targetShardTypeId')} {edge.get('targetShardId')}{said}")
    if shard.vectors is not None:
        vectors = shard.vectors
        chunks = "1 chunk" if vectors.chunk_count == 1 else f"{vectors.chunk_count} chunks"
        lines.append(f"embedded: {chunks} in {vectors.space} ({vectors.quality}), for revision {vectors.revision}")
    return "\n".join(lines)


def rendered(found: list[Step]) -> str:
    """A table of the steps, with milliseconds from the first."""
    if not found:
        return "no step of this record is in the log"
    rows = [(f"+{(step.at - found[0].at).total_seconds() * 1000:.0f} ms", step.where, step.what) for step in found]
    return table(("after", "where", "what"), rows)


def _log_lines(log: Path) -> Iterable[dict[str, Any]]:
    if not log.exists():  # the host is somebody else's
        return
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("{") and line.endswith("}\n"):  # the last may be half written
                yield json.loads(line)
