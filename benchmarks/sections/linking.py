"""The page's words about linking: names in memory, texts held against them, cold workers, requests."""

from collections.abc import Iterator, Mapping
from typing import Any


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Linking"
    yield from _names(figures["sizes"])
    yield from _requests(figures["requests"])
    yield from _cold(figures["cold"])


def _names(sizes: list[Mapping[str, Any]]) -> Iterator[str]:
    yield ""
    yield (
        "Invented anchors, of ten three companies, four contacts and three deals, in a process of its own; processor time. To look up is "
        "to find every name in a text of 500 characters that holds three, exactly and nearly (three of ten are written with a slip). An "
        "event is the pure part of enrichment of a file with such a text: mentions, candidates, evidence, scores, edges; a third of the "
        "texts each have no name in them, one, and three. The best of five rounds of 1,000 texts of each."
    )
    yield ""
    yield "| anchors | MB | µs to hold one more | ms to look up: mean, median, p99 | **events a second** | with no name, one, three |"
    yield "|---|---|---|---|---|---|"
    for row in sizes:
        looked_up = ", ".join(str(row[f"look_up_ms_{name}"]) for name in ("mean", "median", "p99"))
        by_names = ", ".join(f"{found['events_per_second']:,}" for found in row["by_names"].values())
        yield (
            f"| {row['anchors']:,} | {row['megabytes']} | {row['put_us']} | {looked_up} | **{row['events_per_second']:,}** | {by_names} |"
        )


def _requests(requests: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "### Requests an enriched shard", "")
    yield (
        f"Of Cosmos DB, counted by the stand-in over {requests['records']} shards a case and divided. A shard that is announced travels "
        "with its message, unless it is announced again to be linked anew. What is asked of a new file or company: who names it already. "
        f"Besides that a worker asks now and then, however much it enriches: {_said(requests['besides'])}."
    )
    yield from ("", "| shard | Cosmos DB | in all |", "|---|---|---|")
    for case, counts in requests["cases"].items():
        yield f"| {case} | {_said(counts)} | {round(sum(counts.values()), 2)} |"


def _said(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {count:g}" for name, count in counts.items()) or "nothing"


def _cold(cold: list[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("", "### A cold worker's anchors", "")
    yield (
        "A process that starts has all of a tenant's anchors after so long; most of the seconds are the stand-ins', which share the cores. "
        "With a snapshot it is one blob and the query for what changed since; without, the query for everything. The others' turn: the "
        "longest time that nobody else of the process could do anything."
    )
    yield from ("", "| anchors | snapshot | seconds | processor seconds of the worker | Cosmos DB requests | the others' turn, ms |")
    yield "|---|---|---|---|---|---|"
    for row in cold:
        for name, said in (("without", "no"), ("with", "yes")):
            found = row[name]
            yield (
                f"| {row['anchors']:,} | {said} | {found['seconds']} | {found['processor_seconds']} | {found['cosmos_requests']} | "
                f"{found['longest_without_a_turn_ms']} |"
            )
