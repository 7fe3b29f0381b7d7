"""The pure part of linking on one core: a shard with a text of 500 characters is read, held against a tenant's names, weighed, linked.

Run as a process of its own by ``benchmarks/linking.py``, so that nothing else is in its memory: with a number of anchors as its argument
it prints one JSON document.
"""

import gc
import json
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.tenant_names import TENANT, rows_of, texts_of
from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.assessing import Known, assess
from processors.enrichment.links import linked, referred
from processors.enrichment.names.normal import words_in
from processors.enrichment.subject import Subject
from shared.access.acl import ADMINS_ONLY
from shared.linking.policy import LinkingPolicy
from shared.shards.ids import external_edge_id, shard_id
from shared.shards.model import ExternalRelationship, Metadata, Shard

TEXTS: Final = 1_000
NAMES: Final = (0, 1, 3)
"""So many names stand in a text: of each kind a third of all."""
ROUNDS: Final = 5
WARM_UP: Final = 300
AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE_BYTES: Final = 4096


def measure(anchors: int) -> dict[str, Any]:
    """Memory of so many anchors, looking texts up among them, and the whole stage."""
    for row in rows_of(WARM_UP):
        AnchorIndex(TENANT).put(row)
    gc.collect()
    before, began = _resident_megabytes(), time.process_time()
    index, written = AnchorIndex(TENANT), 0
    for row in rows_of(anchors):
        index.put(row)
        written += 1
    held, put = _resident_megabytes() - before, time.process_time() - began
    made = _seconds(lambda: sum(1 for _ in rows_of(anchors)))
    some = Random(1).sample(list(rows_of(anchors)), min(anchors, 5_000))
    texts = {names: texts_of(some, TEXTS, names=names) for names in NAMES}
    looked_up = sorted(_milliseconds(index, text) for text in texts[max(NAMES)])
    rounds = {names: [_stage(index, found) for _ in range(ROUNDS)] for names, found in texts.items()}
    best = {names: min(found, key=lambda each: each["seconds"]) for names, found in rounds.items()}
    return {
        "anchors": written,
        "megabytes": round(held, 1),
        "put_us": round(1e6 * max(0.0, put - made) / anchors, 1),
        "look_up_ms_median": round(statistics.median(looked_up), 3),
        "look_up_ms_mean": round(statistics.mean(looked_up), 3),
        "look_up_ms_p99": round(looked_up[int(0.99 * len(looked_up))], 3),
        "events_per_second": round(len(NAMES) * TEXTS / sum(found["seconds"] for found in best.values())),
        "by_names": {
            str(names): {
                "events_per_second": round(TEXTS / found["seconds"]),
                "links_an_event": round(found["links"] / TEXTS, 2),
                "suggestions_an_event": round(found["suggestions"] / TEXTS, 2),
            }
            for names, found in best.items()
        },
    }


def _milliseconds(index: AnchorIndex, text: str) -> float:
    """Processor time of finding whom a text names, exactly or nearly."""
    began = time.process_time()
    index.named_in(words_in(text), fuzzy=True)
    return 1000 * (time.process_time() - began)


def _stage(index: AnchorIndex, texts: list[str]) -> dict[str, Any]:
    """All of it, once for each text; a shard's document is there, as it is when a message has been read."""
    policy, found = LinkingPolicy(), {"links": 0, "suggestions": 0}
    shards = [_shard(number, text) for number, text in enumerate(texts)]
    began = time.process_time()
    for shard in shards:
        subject = Subject.of(shard, default_country=policy.default_country)
        references = referred(shard, {}, policy, at=AT)
        assessment = assess(subject, index, policy, Known(), ())
        links = linked(shard, references, assessment.decided.linked, (), at=AT)
        found["links"] += len(links.edges)
        found["suggestions"] += len(assessment.decided.suggested)
    return {"events": len(shards), "seconds": time.process_time() - began, **found}


def _shard(number: int, text: str) -> Shard:
    """A file that was read, with its text."""
    external_id = f"file-{number}"
    record = {"system": "gdrive", "scope": "", "record_type": "File", "external_id": external_id}
    edge = ExternalRelationship(id=external_edge_id(**record), system_type="storage", last_synced_at=AT, created_at=AT, **record)
    return Shard(
        id=shard_id(tenant_id=TENANT, **record),
        tenant_id=TENANT,
        shard_type_id="c_file",
        schema_version=1,
        structured_data={"name": f"Minutes {number}", "provider": "gdrive", "externalId": external_id, "description": text},
        external_relationships=(edge,),
        acl=ADMINS_ONLY,
        metadata=Metadata(),
        status="active",
        revision_number=1,
        created_at=AT,
        updated_at=AT,
    )


def _seconds(act: Any) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES / 1e6


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
