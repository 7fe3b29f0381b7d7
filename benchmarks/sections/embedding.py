"""The page's words about what embedding costs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

SPELLS: Final = {"idle": "nothing to do", "first": "the first texts of a host just started", "again": "as many again"}


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    worker = figures["worker"]
    yield "## The worker beside the bare encoder"
    yield ""
    yield (
        f"{worker['texts']} texts of {worker['messages']} records a round (median {worker['bytes_of_a_text_median']} bytes, "
        f"{worker['tokens_of_a_text_median']} tokens), {worker['rounds']} rounds in turns, medians. The worker settles 32 "
        "messages at a time over stores in memory; the bare encoder gets all texts as one list and sorts them by length."
    )
    yield from ("", "| | texts a second |", "|---|---|")
    for name, per_second in worker["texts_per_second"].items():
        yield f"| {name} | {per_second} |"
    yield ""
    yield f"By processor time instead of the clock the worker does {worker['processor_ratio']} of what the bare encoder does."
    yield from _once(figures["once"])
    yield from _ping(figures["ping"])
    yield from _vectors(figures["vectors"])


def _once(once: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Embedded once", "")
    yield (
        f"{once['records']} records through two processes, light and heavy, restarted after half of them and after all; then "
        f"{once['messages_sent_again']} messages once more: every record at the webhook, and every shard on each of the three "
        f"later queues, under new ids. The embedding service's ledger has {once['texts_embedded']} texts "
        f"({once['bytes_embedded']} bytes) before that, for {once['chunks_stored']} chunks stored, and "
        f"{once['texts_embedded_after_the_replay']} more after it: **{once['bytes_embedded_twice']} bytes were embedded "
        "twice**. The processes were restarted while nothing was under way: a worker that dies between the service's answer "
        "and its own write has to ask again."
    )


def _ping(ping: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Who asks meanwhile", "")
    yield (
        f"The host's ping every 10 ms from another process, while {ping['texts']} texts in two spells are embedded by the "
        "offline encoder in the host's own process, on whose event loop everything else runs too. Beside it a process that "
        "does nothing else but answer is asked at the same moments: what it, too, is late by is the machine's doing. A ping is "
        "late from when it was due, not from when it was sent."
    )
    yield from ("", "| | seconds | host: median, p99, longest ms | idle process: median, p99, longest ms |", "|---|---|---|---|")
    for name, said in SPELLS.items():
        spell = ping["spells"][name]
        cells = [", ".join(str(spell[who][figure]) for figure in ("median_ms", "p99_ms", "most_ms")) for who in ("host", "idle_process")]
        yield f"| {said} | {spell['seconds']} | {cells[0]} | {cells[1]} |"
    yield ""
    yield (
        "What it takes: the encoder has a thread that gives way to all others, imports (the SDKs' at the first call, NumPy's at the first "
        "text) are made on threads, and the callers of one batch go on one after the other. Before that the longest pings were 312 ms "
        "and 143 ms. What is left is the Service Bus SDK, which reads the system's certificates anew for every connection, and "
        "chunks that are put into JSON. In Azure the host that is pinged is another process than the worker."
    )


def _vectors(vectors: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Bytes of a vector", "")
    yield (
        f"As JSON, in whole numbers up to ±{vectors['largest']:,}, over {vectors['vectors']} vectors each: MiniLM's own with "
        "384 dimensions, random ones with 1,536. The error is that of the cosine of two of them, against the vectors as the "
        "model gave them."
    )
    yield from ("", "| dimensions | median | most | as floats | largest error |", "|---|---|---|---|---|")
    for dimensions, space in vectors["spaces"].items():
        yield f"| {dimensions} | {space['bytes_median']} | {space['bytes_most']} | {space['bytes_as_floats']} | {space['error_most']} |"
