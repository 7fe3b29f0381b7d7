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
    yield ""
    yield (
        "A passage could be embedded with the name of its record in front. With invented names, as MiniLM's mean reciprocal rank: it costs "
        "much where the question does not name the record, and gains much where it does. Passages are embedded bare "
        "([0016](decisions/0016-chunk-ids-from-content.md))."
    )
    yield from ("", "| asked | bare | with a name in front |", "|---|---|---|")
    for row in figures["names"]:
        asked = "in other words, and with the record's name" if row["is_name_asked_for"] else "in other words"
        yield f"| {asked} | {row['bare']} | {row['named']} |"
