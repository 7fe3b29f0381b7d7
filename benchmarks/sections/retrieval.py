"""The page's words about finding meaning."""

from collections.abc import Iterator, Mapping
from typing import Any


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Finding meaning"
    yield ""
    yield (
        "Our own queries, each in other words than its answer, and each with a distractor that shares three words or more with "
        "it and no meaning (`tests/fixtures/paraphrases.json`). All answers and distractors are one collection. The set was "
        "tuned against MiniLM: a figure for finding a broken encoder, and no leader board."
    )
    yield from ("", "| vectors | queries | texts | mean reciprocal rank | answer first |", "|---|---|---|---|---|")
    for encoder in figures["encoders"]:
        ranked = f"**{encoder['mean_reciprocal_rank']}** | {encoder['top_1']}"
        yield f"| `{encoder['space']}` | {encoder['queries']} | {encoder['texts']} | {ranked} |"
