"""``python -m benchmarks [cold-import] [pipeline]``: measure, write the figures, make ``docs/benchmarks.md`` of them."""

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import Final

from benchmarks import cold_import, measurement, page, pipeline

NAMES: Final = ("cold-import", "pipeline")


def main() -> int:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, write benchmarks/results/*.json, make docs/benchmarks.md."
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--events", type=int, default=3000, metavar="N", help="how many events the throughput is measured over")
    parser.add_argument("--samples", type=int, default=cold_import.SAMPLES, metavar="N", help="how many imports of each kind are timed")
    options = parser.parse_args()
    today = datetime.now(UTC).date().isoformat()
    for name in options.names or NAMES:
        match name:
            case "cold-import":
                figures = cold_import.measure(options.samples)
                command = f"python -m benchmarks cold-import --samples {options.samples}"
            case "pipeline":
                figures = asyncio.run(pipeline.measure(options.events))
                command = f"python -m benchmarks pipeline --events {options.events}"
            case _:
                parser.error(f"no benchmark {name}: there are {', '.join(NAMES)}")
        written = measurement.write(name, command=command, figures=figures, seen_at=today)
        print(f"{written.relative_to(measurement.ROOT)}\n{json.dumps(figures, indent=2)}")
    page.write()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
