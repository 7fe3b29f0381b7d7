"""``python -m benchmarks [name]…``: measure, write the figures, make ``docs/benchmarks.md`` of them."""

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks import (
    backfill,
    cold_import,
    crawl,
    embedding,
    encoders,
    first_run,
    linking,
    linking_quality,
    measurement,
    page,
    pipeline,
    stand_ins,
    webhook,
)

OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "cold-import": ("samples",),
    "stand-ins": ("messages", "rounds"),
    "pipeline": ("events", "records"),
    "embedding": ("texts", "rounds", "records", "pinged"),
    "retrieval": (),
    "linking": ("anchors", "records"),
    "linking-quality": (),
    "first-run": (),
    "backfill": ("backfilled", "live"),
    "crawl": ("crawled",),
    "webhook": ("called",),
}
"""Which options a benchmark obeys; they are part of the command its result names."""

RUNS: Final[Mapping[str, Callable[[argparse.Namespace], dict[str, Any]]]] = {
    "cold-import": lambda chosen: cold_import.measure(chosen.samples),
    "stand-ins": lambda chosen: stand_ins.measure(chosen.messages, chosen.rounds),
    "pipeline": lambda chosen: asyncio.run(pipeline.measure(chosen.events, chosen.records)),
    "embedding": lambda chosen: asyncio.run(
        embedding.measure(texts=chosen.texts, rounds=chosen.rounds, records=chosen.records, pinged_texts=chosen.pinged)
    ),
    "retrieval": lambda _: asyncio.run(encoders.measure()),
    "linking": lambda chosen: asyncio.run(linking.measure(anchors=chosen.anchors, records=chosen.records)),
    "linking-quality": lambda _: linking_quality.measure(),
    "first-run": lambda _: first_run.measure(),
    "backfill": lambda chosen: asyncio.run(backfill.measure(records=chosen.backfilled, live=chosen.live)),
    "crawl": lambda chosen: asyncio.run(crawl.measure(files=chosen.crawled)),
    "webhook": lambda chosen: asyncio.run(webhook.measure(per_second=chosen.called)),
}


def main() -> int:
    """Run what is named, or all."""
    parser = _parser()
    chosen = parser.parse_args()
    today = datetime.now(UTC).date().isoformat()
    for name in chosen.names or RUNS:
        if name not in RUNS:
            parser.error(f"no benchmark {name}: there are {', '.join(RUNS)}")
    for name in chosen.names or RUNS:
        figures = RUNS[name](chosen)
        options = [f"--{option} {getattr(chosen, option)}" for option in OPTIONS[name]]
        written = measurement.write(name, command=" ".join(["python -m benchmarks", name, *options]), figures=figures, seen_at=today)
        print(f"{written.relative_to(measurement.ROOT)}\n{json.dumps(figures, indent=2)}")
        for line in figures["goals"]:
            measurement.say(f"{'reached' if line['is_met'] else 'MISSED '}  {line['value']}  {line['measure']}")
    page.write()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, write benchmarks/results/*.json, make docs/benchmarks.md."
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(RUNS)} (default: all)")
    for name, default, meaning in (
        ("samples", cold_import.SAMPLES, "how many imports of each kind are timed"),
        ("messages", stand_ins.MESSAGES, "how many messages the local Service Bus gets a round, in whole batches of 200"),
        ("rounds", stand_ins.ROUNDS, "how many rounds the stand-ins have, and the worker beside the bare encoder"),
        ("events", 400, "how many events each row of the throughput is measured over"),
        ("records", 100, "how many records requests, and bytes embedded twice, are counted over"),
        ("texts", 300, "how many texts a round of the worker beside the bare encoder has"),
        ("pinged", 1000, "how many texts are embedded while the host is pinged"),
        ("backfilled", 100_000, "how many records the larger back-fill has; the smaller has a tenth of them"),
        ("crawled", 100_000, "how many files the larger crawl of a shared drive has; the others have a tenth of them"),
        ("called", webhook.PER_SECOND, "how many events a second the Slack webhook is called with"),
        ("anchors", 100_000, "how many anchors the larger cold start has; the smaller has a tenth of them"),
        ("live", 200, "how many live events are sent with nothing else to do, and as many beside a back-fill"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{meaning} (default: %(default)s)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
