"""The page's words about a crawl of a Google Drive."""

from collections.abc import Iterator, Mapping
from typing import Any


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## A crawl of a Google Drive to the queue"
    yield ""
    yield (
        f"Files and folders of a pretend Google Drive, {figures['page_files']:,} in an answer, one in fifty a folder, read by "
        "`ingestion/poller.py` over the real SDKs in a process of its own for each size, as accounts are above: from a stream's first look "
        "on, which takes the change log's token, tells of the root and asks for the back-fill on the queue, until the last batch is "
        "confirmed by the broker. Before that the process has read the list of shared drives and what one person has, so that it is "
        f"logged in and its links are open; the seconds of this are told apart. A step has {figures['step_seconds']} s instead of 120. "
        "Nothing takes the batches from the queue. Drive, broker, database and blobs are processes beside it on the same cores. Files of a "
        "person come with their owner and their permissions, and are larger."
    )
    yield ""
    yield "| files | of a | a second | seconds, and before | steps | memory MB: imports, most | reader µs a file | others µs a file |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in figures["rows"]:
        others = ", ".join(f"{name} {spent}" for name, spent in row["stand_ins_processor_us"].items())
        cells = [
            f"{row['records']:,}",
            row["where"],
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
        "What the pretend Drive alone can do, asked for the same pages by a client that throws the answers away: "
        + ", ".join(f"{row['vendor_alone']['records_per_second']:,} files a second of {row['records']:,}" for row in figures["rows"])
        + "."
    )
    yield from _counted(figures)


def _counted(figures: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        "Counted by those who were asked, with what the process asked before: tokens for each person, the list of drives, and a first look "
        "at what one person has. Operations of the broker as above."
    )
    yield ""
    yield "| files | pages, fewest | all requests | messages | broker's operations a file | blobs a file | bytes a file |"
    yield "|---|---|---|---|---|---|---|"
    for row in figures["rows"]:
        asked = ", ".join(f"{count} {name}" for name, count in sorted(row["requests"].items()))
        cells = [f"{row['records']:,}", f"{row['pages']}, {row['fewest_pages']}", asked, row["messages"]]
        cells += [row["bus_operations_per_record"], row["blobs_per_record"], row["bytes_per_record"]]
        yield f"| {' | '.join(map(str, cells))} |"
    disturbed = figures["disturbed"]
    yield ""
    yield (
        f"With {disturbed['faults']} answers lost on the way, {disturbed['records']:,} files took {disturbed['pages']} pages instead of "
        f"{disturbed['fewest_pages']}, and as many messages: {disturbed['messages']}."
    )
