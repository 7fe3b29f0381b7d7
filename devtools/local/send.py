"""``send``: the sample organization sends invented records; with ``--wait`` it is seen what becomes of them."""

import argparse
import secrets
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from random import Random
from typing import Any, Final

from devtools.local import sample
from devtools.local.clients import cosmos_client
from devtools.local.control import Control, ControlRefused
from devtools.local.options import SAMPLE
from devtools.local.output import failed, show_json
from devtools.local.progress import Seen, bar
from devtools.local.run import DATABASE, Run, folder_of
from devtools.local.sample import Mirror, Sent
from devtools.local.tables import table
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore

SHOWN: Final = 20
"""Of more records than these only the numbers are shown."""


async def command(options: argparse.Namespace) -> int:
    """Send invented records, and with ``--wait`` see what becomes of them."""
    try:
        return await _sending_of(options)
    except ControlRefused as error:
        return failed(f"the pretend Salesforce: {error}")


async def _sending_of(options: argparse.Namespace) -> int:
    run = Run.current(folder_of(options.port_offset))
    rng = Random(secrets.randbits(64) if options.seed is None else options.seed)
    counts = {name: getattr(options, name) for name in SAMPLE}
    org = sample.new_org(rng, run.organization_id)
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        mirror: Mirror = sample.unmirrored
        if not run.is_official:  # there nobody polls
            control = await stack.enter_async_context(Control(run.salesforce))
            await control.adopt_users(org)
            mirror = control.mirror
        seen = stack.enter_context(bar("sent", sum(counts.values())))
        sent = await sample.send(org, rng, run.webhook_url, counts=counts, timeout_seconds=options.timeout, mirror=mirror, seen=seen)
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
    account = CosmosAccount(lambda: cosmos_client(run), database=DATABASE)
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
