"""``peek``: what is on queues, or one message whole. Nothing is taken out."""

import argparse
from collections.abc import Mapping
from typing import Any

from devtools.local.output import failed, show_json
from devtools.local.queues import Place, peek_all
from devtools.local.run import Run, folder_of
from devtools.local.tables import table
from shared import topology


async def command(options: argparse.Namespace) -> int:
    """Show what is on queues, or one message whole."""
    run = Run.current(folder_of(options.port_offset))
    names = [queue.name for queue in topology.QUEUES] if options.all else [options.queue]
    searched = options.most if options.tenant is None and options.body is None else None
    places = [Place(name, dead=options.dead) for name in names]
    looked = await peek_all(run, places, most=searched, at_once=run.looks_at_once)
    found = [message for messages in looked for message in messages]
    if options.tenant is not None:
        found = [message for message in found if message["properties"].get("tenantId") == options.tenant]
    if options.body is not None:
        found = [message for message in found if _is_called(message, options.body)]
        if len(found) != 1:
            return failed(f"{len(found)} messages there are called {options.body}")
        show_json(found[0])
        return 0
    if searched is None:
        found = [message for name in names for message in [one for one in found if one["queue"] == name][: options.most]]
    show_json(found) if options.json else print(_messages(found, options, names))
    return 0


def _is_called(message: Mapping[str, Any], name: str) -> bool:
    return str(message["sequenceNumber"]) == name or str(message["id"]).startswith(name)


def _messages(found: list[dict[str, Any]], options: argparse.Namespace, names: list[str]) -> str:
    head = [*(["queue"] if options.all else []), "number", "id", "state", "deliveries", "enqueued"]
    head += ["reason", "description"] if options.dead else ["says"]
    rows = []
    for message in found:
        row = [message["queue"]] if options.all else []
        row += [str(message["sequenceNumber"]), message["id"], message["state"], message["deliveryCount"], message["enqueuedAt"]]
        row += [message["deadLetterReason"], message["deadLetterDescription"]] if options.dead else [_said(message["body"])]
        rows.append(row)
    number = "1 message" if len(found) == 1 else f"{len(found):,} messages"
    is_cut = any(sum(message["queue"] == name for message in found) == options.most for name in names)
    lines = [table(head, rows), ""] if rows else []
    return "\n".join([*lines, number + (" (there may be more: --most)" if is_cut else "")])


def _said(body: Mapping[str, object]) -> str:
    known = ("type", "recordType", "sourceId", "shardTypeId", "shardId", "revision", "reason", "detail")
    return " ".join(str(body[name]) for name in known if body.get(name) is not None)
