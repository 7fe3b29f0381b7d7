"""What the commands beside a run do and print: send, peek, shard, search, trace, token."""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Mapping
from random import Random
from typing import Any

from azure.cosmos.aio import CosmosClient

from devtools.local import sample, search, trace
from devtools.local.options import SAMPLE
from devtools.local.progress import Seen, bar
from devtools.local.queues import peek_all
from devtools.local.run import DATABASE, Run, folder_of
from devtools.local.sample import Sent
from devtools.local.shards import shard_table, shards_of
from devtools.local.tables import table
from shared import topology
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore

SHOWN: int = 20
"""Of more records than these only the numbers are shown."""


def show_json(document: object) -> None:
    """Print it for machines."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def failed(reason: str) -> int:
    """Say in a line what is wrong, and return the exit code."""
    print(f"devtools: {reason}", file=sys.stderr)
    return 1


async def send(options: argparse.Namespace) -> int:
    """Send invented records, and with ``--wait`` see what becomes of them."""
    run = Run.current(folder_of(options.port_offset))
    rng = Random(secrets.randbits(64) if options.seed is None else options.seed)
    counts = {name: getattr(options, name) for name in SAMPLE}
    org = sample.new_org(rng, run.organization_id)
    began = time.monotonic()
    with bar("sent", sum(counts.values())) as seen:
        sent = await sample.send(org, rng, run.webhook_url, counts=counts, timeout_seconds=options.timeout, seen=seen)
    report = _sending(sent, time.monotonic() - began)
    if options.wait:
        with bar("stored, linked and embedded", len(sent.records)) as seen:
            report |= await _handled(sent, run, options.timeout, seen)
        report["secondsToHandled"] = round(time.monotonic() - began, 2)
    show_json(report) if options.json else print(_sent(sent, report))
    return 0 if sent.acknowledged == len(sent.records) and not report.get("faults") else 1


def _sending(sent: Sent, seconds: float) -> dict[str, Any]:
    rows = [{"object": record.object_name, "id": record.id, "name": record.fields.get("Name")} for record in sent.records]
    answers = {"acknowledged": sent.acknowledged, "answers": dict(sent.answers)}
    return {"sent": rows, **answers, "seconds": round(seconds, 2), "perSecond": round(sent.acknowledged / seconds, 1)}


async def _handled(sent: Sent, run: Run, timeout_seconds: float, seen: Seen) -> dict[str, Any]:
    account = CosmosAccount(lambda: CosmosClient.from_connection_string(run.cosmos), database=DATABASE)
    try:
        shards = CosmosShardStore(account)
        arrival = await sample.arrived(sent, shards, tenant_id=run.tenant_id, timeout_seconds=timeout_seconds, seen=seen)
    finally:
        await account.close()
    return {"stored": len(arrival.shards), "faults": sample.faults(sent, arrival.shards)}


def _sent(sent: Sent, report: Mapping[str, Any]) -> str:
    records = [(record.object_name, record.id, record.fields.get("Name")) for record in sent.records]
    lines = [table(("object", "id", "name"), records), ""] if len(records) <= SHOWN else []
    lines.append(f"{sent.acknowledged:,} of {len(records):,} acknowledged in {report['seconds']} s, {report['perSecond']:,} a second")
    refused = {answer: count for answer, count in sent.answers.items() if answer != "acknowledged"}
    if refused:
        lines.append("not acknowledged, tries included: " + ", ".join(f"{count:,} × {answer}" for answer, count in sorted(refused.items())))
    if report.get("faults"):
        shown, more = report["faults"][:SHOWN], len(report["faults"]) - SHOWN
        lines += ["", "Missing or wrong:", *(f"  {fault}" for fault in shown), *([f"  … and {more:,} more"] if more > 0 else [])]
    elif "faults" in report:
        lines.append(
            f"all {len(records):,} are stored, right, linked and embedded, {report['secondsToHandled']} s after the first was sent"
        )
    return "\n".join(lines)


async def peek(options: argparse.Namespace) -> int:
    """Show what is on queues, or one message whole."""
    run = Run.current(folder_of(options.port_offset))
    names = [queue.name for queue in topology.QUEUES] if options.all else [options.queue]
    searched = options.most if options.tenant is None and options.body is None else None
    found = await peek_all(run.service_bus, names, dead=options.dead, most=searched)
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


async def shard(options: argparse.Namespace) -> int:
    """List the shards, or show those whose id begins so."""
    run = Run.current(folder_of(options.port_offset))
    found = await shards_of(run, tenant_id=options.tenant or run.tenant_id)
    if options.id is not None:
        found = [shard for shard in found if shard.id.startswith(options.id)]
        if not found:
            return failed(f"no shard {options.id} of tenant {options.tenant or run.tenant_id}")
    if options.json or options.id is not None:
        show_json([shard.document() for shard in found])
    else:
        print(f"{shard_table(found)}\n\n{len(found):,} shards")
    return 0


async def trace_one(options: argparse.Namespace) -> int:
    """Show the steps of the one shard whose id begins so."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    found = [shard for shard in await shards_of(run, tenant_id=options.tenant or run.tenant_id) if shard.id.startswith(options.id)]
    if len(found) != 1:
        return failed(f"{len(found)} shards begin with {options.id}: python -m devtools shard lists them")
    steps = trace.steps(found[0], log=folder / "logs" / "host.log")
    if options.json:
        show_json({"shard": found[0].document(), "steps": [step.plain() for step in steps]})
    else:
        print(f"{trace.rendered(steps)}\n\n{trace.ends(found[0])}")
    return 0


async def ask(options: argparse.Namespace) -> int:
    """Ask the app's search a question."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    bearer = search.sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=not options.email)
    reply = await search.ask(run, " ".join(options.words), bearer=bearer, limit=options.most)
    show_json(reply.body) if options.json else print(search.rendered(reply))
    return 0 if reply.status == 200 else 1


async def token(options: argparse.Namespace) -> int:
    """Make a token."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    made = search.sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=options.admin, seconds=options.seconds)
    show_json({"token": made, "expiresInSeconds": options.seconds}) if options.json else print(made)
    return 0
