"""The page's words about a back-fill."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

APPS: Final = {
    "three hosts": "live, reading and storing in a host each, the latter two with a lower priority",
    "one host": "all in one host",
}


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## A back-fill to the queue"
    yield from _reading(figures["reading"])
    yield from _beside(figures["beside"])


def _reading(reading: Mapping[str, Any]) -> Iterator[str]:
    taken = "process of its own for each size, which takes every step from the queue; until the last batch is confirmed by the broker"
    yield ""
    yield (
        f"Accounts of a pretend Salesforce, {reading['page_records']:,} in an answer, read by `ingestion/poller.py` over the real SDKs "
        f"in a {taken}. Before "
        "that the process has read the organization's three users, so that it is logged in and its links are open; the seconds of this are "
        f"told apart. A step has {reading['step_seconds']} s instead of 120, so that there are several. Nothing takes the batches from the "
        "queue, and the pace is set so that it never holds up; it looks all the same. Organization, broker, database and blobs are "
        "processes beside it on the same cores. Memory is the most the process ever had, with what its imports take."
    )
    yield ""
    yield "| records | a second | seconds, and before | steps | memory MB: imports, most | reader µs a record | others µs a record |"
    yield "|---|---|---|---|---|---|---|"
    for row in reading["rows"]:
        others = ", ".join(f"{name} {spent}" for name, spent in row["stand_ins_processor_us"].items())
        cells = [
            f"{row['records']:,}",
            f"**{row['records_per_second']:,}**",
            f"{row['seconds']}, {row['seconds_to_warm']}",
            row["steps"],
            f"{row['megabytes_before']}, {row['megabytes_peak']}",
            row["reader_processor_us"],
            others,
        ]
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""
    yield (
        "Processor time is user and system. What the organization alone can do, asked the same queries again by a client that throws the "
        "answers away: " + ", ".join(_alone(row) for row in reading["rows"]) + "."
    )
    yield from _counted(reading)


def _alone(row: Mapping[str, Any]) -> str:
    alone = row["vendor_alone"]
    return f"{alone['records_per_second']:,} records a second of {row['records']:,}"


def _counted(reading: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        "Counted by those who were asked. Operations of the broker are messages sent and received, what settles them, and looks at the age "
        "of queues; a batch of 500 records, whose body waits in a blob, is one message."
    )
    yield ""
    yield "| records | queries, fewest | other requests | messages | broker's operations a record | blobs a record | bytes a record |"
    yield "|---|---|---|---|---|---|---|"
    for row in reading["rows"]:
        others = ", ".join(f"{count} {name}" for name, count in sorted(row["requests"].items()) if name != "query")
        cells = [f"{row['records']:,}", f"{row['queries']}, {row['fewest_queries']}", others, row["messages"]]
        cells += [row["bus_operations_per_record"], row["blobs_per_record"], row["bytes_per_record"]]
        yield f"| {' | '.join(map(str, cells))} |"
    disturbed = reading["disturbed"]
    yield ""
    yield (
        f"With {disturbed['faults']} answers lost on the way, {disturbed['records']:,} records took {disturbed['queries']} queries instead "
        f"of {disturbed['fewest_queries']}, and as many messages: {disturbed['messages']}."
    )


def _beside(beside: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Live events beside a back-fill", "")
    yield (
        f"From the call of the webhook to the shard, stored and announced, of {beside['events']} accounts, one every "
        f"{1000 * beside['every_seconds']:g} ms whatever became of the one before: with nothing else to do, and while "
        f"{beside['records']:,} other accounts are read and stored. Enrichment and embedding are off in both, so that a few cores are not "
        "busy with these alone. In Azure a plan that scales each function alone gives each host cores of its own; here they share two, so "
        "those of the back-fill have a lower priority. In one host all share an event loop: there what is bulk gives way, at the "
        "next record that is stored and after every few that are read, while anything live is being handled "
        "(`shared/hosting/right_of_way.py`)."
    )
    yield ""
    yield "| the app | idle ms: median, p95, most | beside ms: median, p95, most | p95 ÷ idle | meanwhile | cores busy meanwhile |"
    yield "|---|---|---|---|---|---|"
    for name, said in APPS.items():
        row = beside["rows"][name]
        spells = [", ".join(str(row[spell][figure]) for figure in ("median_ms", "p95_ms", "most_ms")) for spell in ("idle", "beside")]
        done = f"{row['read_meanwhile']:,} read, {row['stored_meanwhile']:,} stored in {row['seconds']} s"
        cores = ", ".join(f"{child} {busy}" for child, busy in row["cores"].items())
        yield f"| {said} | {spells[0]} | {spells[1]} | **{row['ratio']}** | {done} | {cores} |"
