"""The page's words about events on their way from a webhook to their vectors."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

ROWS: Final = {
    "made": "made by the offline encoder, `{encoder}`, in the host's process",
    "known": "known: copies of the records above, word for word, whose vectors the worker remembers",
    "answered_at_once": "from a pretend Azure OpenAI that answers at once: 1,536 dimensions over HTTP, and no meaning",
}


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    throughput, wire = figures["throughput"], figures["wire"]
    yield "## Webhook to embedded"
    yield ""
    yield (
        f"{throughput['events']} opportunities a row, sent as Salesforce sends them, ten in a message; the time ends when the "
        "last message of the last stage is completed and every record is seen to be embedded. The first two rows took turns, "
        f"{throughput['rounds']} times each. Embeddings that are known are no trick of the benchmark: a worker keeps the "
        "vectors of the last 4,096 texts, by their hash."
    )
    yield from ("", "| embeddings | events a second | processor ms an event |", "|---|---|---|")
    for name, said in ROWS.items():
        row = throughput[name]
        used = ", ".join(f"{child} {spent}" for child, spent in row["processor_ms_per_event"].items())
        yield f"| {said.format(encoder=throughput['encoder'])} | **{row['events_per_second']}** | {used} |"
    yield ""
    yield ("The host is one process here, with all four stages and the webhook on one event loop. In Azure each stage scales by itself.")
    yield from _wire(wire)


def _wire(wire: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Requests an event", "")
    yield (
        f"Counted by the stand-ins over {wire['records']} records a case, retries and the client's own look-ups included, and "
        "divided. The opportunities belong to one account that is there already; their copies of it in the worker's memory "
        "save a read each. `sent-messages` and `receive` are the broker's operations. `complete` settles a message, `release` "
        "gives one back, to be received again (the SDK does, when one arrives just as a call ends): neither is counted among "
        "them. One `send` may carry many messages, as the webhook's does."
    )
    yield from ("", "| record | Cosmos DB | in all | Service Bus | messages on |", "|---|---|---|---|---|")
    for case, counts in wire["cases"].items():
        cells = [", ".join(f"{name} {count}" for name, count in counts[service].items()) for service in ("cosmos", "service_bus", "queues")]
        yield f"| {case} | {cells[0]} | {round(sum(counts['cosmos'].values()), 2)} | {cells[1]} | {cells[2]} |"
