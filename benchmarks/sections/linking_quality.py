"""The page's words about linking by names."""

from collections.abc import Iterator, Mapping
from typing import Any


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Linking by names"
    yield ""
    yield (
        "On two public sets, by a protocol that was written before ([linking-quality.md](linking-quality.md)): thresholds are chosen on "
        "one half of the queries, the figures are of the other."
    )
    yield from ("", "| set | queries | candidates | contender | threshold | precision | recall | F1 |", "|---|---|---|---|---|---|---|---|")
    for one in figures["sets"]:
        for contender, name in (("ours", "ours"), ("wratio", f"`WRatio`, {one['wratio']['processed']}")):
            row = one[contender]
            yield (
                f"| {one['set']} | {one['test']} | {one['candidates']} | {name} | {row['threshold']} | {row['precision']} | "
                f"{row['recall']} | **{row['f1']}** |"
            )
    yield ""
    yield "Automatic links: a score of .80 or more, and .05 ahead of the second candidate."
    yield from ("", "| set | linked | right | precision | recall |", "|---|---|---|---|---|")
    for one in figures["sets"]:
        row = one["automatic"]
        yield f"| {one['set']} | {row['linked']} | {row['right']} | **{row['precision']}** | {row['recall']} |"
    strangers = next(one["strangers"] for one in figures["sets"] if "strangers" in one)
    yield ""
    yield f"Of {strangers['asked']} company names whose ISIN is not among the candidates, {strangers['linked']} were linked automatically."
    yield ""
    yield (
        "Names found in a text of 500 characters that has one name as it is, one with a slip of the pen and one that is nobody's: "
        "milliseconds, the median of a text, and the bytes that the names take."
    )
    yield from (
        "",
        "| names | build s | MB | text to words | exact | exact and nearly | its 95th percentile |",
        "|---|---|---|---|---|---|---|",
    )
    for row in figures["lookups"]:
        yield (
            f"| {row['names']} | {row['build_s']} | {row['megabytes']} | {row['words_ms']} | {row['exact_ms']} | {row['both_ms']} | "
            f"{row['both_p95_ms']} |"
        )
