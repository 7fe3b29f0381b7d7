"""The page's words about the first run."""

from collections.abc import Iterator, Mapping
from typing import Any


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## The first run"
    yield ""
    yield ("`scripts/up --once` in a fresh clone, on a machine with Python and Node.js and nothing else: the installers' caches are empty.")
    yield from (
        "",
        "| seconds | installation | before it works | from then to the first embedded shard | to the end, all found |",
        "|---|---|---|---|---|",
    )
    for name, said, installation in (("first", "first start", figures["installation_seconds"]), ("second", "second start", "–")):
        start = figures[name]
        cells = [installation, *(start[figure] for figure in ("seconds_before_it_works", "seconds_in_its_report", "seconds_to_the_end"))]
        yield f"| {said} | {' | '.join(map(str, cells))} |"
