"""``up``: everything a first run needs, on one command.

Stand-ins, Azurite and the host are started, the host over the app as it is deployed: built, and unpacked from its artefact. An invented
organization is connected and sends its records; one record's way is shown step by step, what was stored and linked is compared with what
was sent, and a record is looked for in other words than its own. Then it stays up, or with ``--once`` ends with 0 if every record is there,
right, linked, embedded and found.
"""

import argparse
import asyncio
import json
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from azure.core.exceptions import AzureError
from azure.cosmos.aio import CosmosClient

from devtools import artefact
from devtools.azurite import AzuriteMissing
from devtools.local import sample, search, trace
from devtools.local.addresses import Addresses
from devtools.local.children import Child, ChildFailed
from devtools.local.run import DATABASE, ROOT, Children, Run, folder_of
from devtools.local.shards import shard_table
from devtools.local.tables import table
from devtools.vendors.salesforce.ids import random_id
from ingestion.sources.salesforce.webhook import key_handle
from shared.connections.connection import Connection, connection_id
from shared.errors import PipelineError
from shared.shards.model import Shard
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore

TENANT: Final = "sample-tenant"
COUNTS: Final[Mapping[str, int]] = {"accounts": 2, "contacts": 3, "opportunities": 3}
TIMEOUT_SECONDS: Final = 30.0
INTERRUPTED: Final = 130


async def up(options: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    addresses = Addresses.shifted(options.port_offset)
    if (taken := addresses.in_use()) is not None:
        return _failed(taken)
    rng = Random(secrets.randbits(64))
    run = Run(addresses, random_id("Organization", rng), TENANT, secrets.token_urlsafe(32))
    folder = folder_of(options.port_offset)
    children = Children(run, folder=folder)
    working = asyncio.create_task(_work(run, children, rng, options))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        return await working
    except asyncio.CancelledError:
        return INTERRUPTED
    except (ChildFailed, AzuriteMissing, artefact.ReadingsDiffer, PipelineError, AzureError) as error:
        return _failed(str(error))
    finally:
        await children.stop()
        Run.forget(folder)


async def _work(run: Run, children: Children, rng: Random, options: argparse.Namespace) -> int:
    started = time.monotonic()
    say = (lambda text: None) if options.json else print
    say("starting the stand-ins of Service Bus and Cosmos DB, Azurite, the token issuer and the function host …")
    await children.start(keep=options.keep)
    account = CosmosAccount(lambda: CosmosClient.from_connection_string(run.cosmos), database=DATABASE)
    try:
        await connect(run, account)
        await children.start_host(app=_deployed(children.folder))
        run.remember(children.folder)
        say(f"up after {time.monotonic() - started:.1f} s; an invented organization sends {sum(COUNTS.values())} records …\n")
        report = await _unless_one_ends(children, _first_run(run, children, rng, account, started))
    finally:
        await account.close()
    print(json.dumps(report, indent=2)) if options.json else print(_readable(report))
    if options.once or report["faults"]:
        return 1 if report["faults"] else 0
    say(f"\n{_addresses(run, children)}\n\nCtrl-C stops everything.")
    raise _ended_by_itself(await children.any_ended())


def _deployed(folder: Path) -> Path:
    """The app as it is deployed: built, and unpacked beside the run's data."""
    shutil.rmtree(folder / "artefact", ignore_errors=True)
    return artefact.unpack(folder)


async def _unless_one_ends(children: Children, work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """The result of the work.

    Raises:
        ChildFailed: as soon as a child ends, for what the work would then find missing is only a consequence.
    """
    working, ending = asyncio.create_task(work), asyncio.create_task(children.any_ended())
    try:
        await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            raise _ended_by_itself(ending.result())
        return await working
    finally:
        for task in (working, ending):
            task.cancel()
        await asyncio.wait({working, ending})


def _ended_by_itself(child: Child) -> ChildFailed:
    return ChildFailed(f"{child.name} ended by itself with exit code {child.exit_code}: {child.last_words()}")


async def connect(run: Run, account: CosmosAccount) -> None:
    """Let the run's organization be connected by its tenant."""
    connection = Connection(
        id=connection_id("salesforce", run.organization_id),
        tenant_id=run.tenant_id,
        source="salesforce",
        account=run.organization_id,
        created_at=datetime.now(UTC),
    )
    await CosmosConnections(account).add(connection, handles=(key_handle(run.key),))


async def _first_run(run: Run, children: Children, rng: Random, account: CosmosAccount, started: float) -> dict[str, Any]:
    """Send, wait, compare, and trace one opportunity."""
    org = sample.new_org(rng, run.organization_id)
    sending_from = time.monotonic()
    sent = await sample.send(org, rng, run.webhook_url, counts=COUNTS, timeout_seconds=TIMEOUT_SECONDS)
    arrival = await sample.arrived(sent, CosmosShardStore(account), tenant_id=run.tenant_id, timeout_seconds=TIMEOUT_SECONDS)
    all_seconds = time.monotonic() - sending_from
    faults = sample.faults(sent, arrival.shards)
    if sent.acknowledged < len(sent.records):
        faults.insert(
            0, f"{len(sent.records) - sent.acknowledged} of {len(sent.records)} notifications were not acknowledged: {dict(sent.answers)}"
        )
    traced = next((shard for shard in arrival.shards.values() if shard.shard_type_id == "c_opportunity"), None)
    asked = None if traced is None else await _look_for(traced, run, children)
    return {
        "organization": run.organization_id,
        "sent": len(sent.records),
        "stored": len(arrival.shards),
        "secondsToFirstShard": _since(started, arrival.first_stored_at),
        "secondsToFirstEmbeddedShard": _since(started, arrival.first_embedded_at),
        "secondsFromSendToLastEmbeddedShard": round(all_seconds, 2),
        "faults": [*faults, *(["no opportunity to look for"] if asked is None else asked.pop("faults"))],
        "traced": None if traced is None else traced.id,
        "trace": [] if traced is None else [step.plain() for step in trace.steps(traced, log=children.host_log)],
        "search": asked,
        "shards": [shard.document() for shard in arrival.shards.values()],
    }


async def _look_for(shard: Shard, run: Run, children: Children) -> dict[str, Any]:
    """Ask for a record in other words than its own, and see that nobody is answered without a token."""
    lexical = shard.vectors is not None and shard.vectors.quality == "lexical"
    question = search.question_about(shard, lexical=lexical)
    if question is None:
        return {"question": None, "reply": None, "faults": [f"there is no question about {shard.id}"]}
    faults = []
    reply = await search.ask(run, question, bearer=search.sample_token(run, children.folder))
    if [hit["shardId"] for hit in reply.hits][:1] != [shard.id]:
        faults.append(f"{shard.id} is not the first that is found by {question!r} (answered {reply.status})")
    stranger = await search.ask(run, question, bearer=None)
    if stranger.status != 401:
        faults.append(f"a question without a token was answered {stranger.status}")
    return {"question": question, "status": reply.status, "reply": reply.body, "faults": faults}


def _since(started: float, moment: float | None) -> float | None:
    return None if moment is None else round(moment - started, 2)


def _readable(report: Mapping[str, Any]) -> str:
    steps = [trace.Step.read(step) for step in report["trace"]]
    shards = [Shard.model_validate(document) for document in report["shards"]]
    parts = ["One opportunity, step by step:", "", trace.rendered(steps), ""]
    parts += [line for shard in shards if shard.id == report["traced"] for line in (trace.ends(shard), "")]
    if (asked := report["search"]) is not None and asked["reply"] is not None:
        reply = search.Reply(asked["status"], asked["reply"])
        words = "the record's own words" if reply.is_lexical else "other words than the record's own"
        parts += [f"A question in {words}:", "", f"  {asked['question']}", "", search.rendered(reply), ""]
    parts += ["What is stored:", "", shard_table(shards), ""]
    if report["faults"]:
        parts += ["Missing or wrong:", *(f"  {fault}" for fault in report["faults"])]
    else:
        parts.append(
            f"all {report['sent']} records are stored, right, linked, embedded and found, "
            f"{report['secondsFromSendToLastEmbeddedShard']} s after they were sent "
            f"(the first was embedded {report['secondsToFirstEmbeddedShard']} s after the start)"
        )
    return "\n".join(parts)


def _addresses(run: Run, children: Children) -> str:
    rows = [
        ("Service Bus stand-in", f"localhost:{run.addresses.service_bus}", "python -m devtools peek QUEUE"),
        ("Cosmos DB stand-in", f"http://localhost:{run.addresses.cosmos}", "python -m devtools shard [ID] | trace ID"),
        ("Azurite (blobs)", f"http://127.0.0.1:{run.addresses.blob}", ""),
        ("function host", run.host, f"logs: {children.host_log.relative_to(ROOT)}"),
        ("Salesforce webhook", run.webhook_url, "python -m devtools send"),
        ("search", run.search_url, 'python -m devtools search "WORDS"'),
        ("token issuer", run.issuer, "python -m devtools token"),
    ]
    return table(("what", "address", "look into it"), rows)


def _failed(reason: str) -> int:
    print(f"up: {reason}", file=sys.stderr)
    return 1
