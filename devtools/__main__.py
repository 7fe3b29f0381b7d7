"""``python -m devtools up | send | peek | shard | trace | search | token``: a local Azure to try the app on. Never deployed."""

import argparse
import asyncio
import json
import secrets
import sys
from random import Random

import aiohttp
from azure.core.exceptions import AzureError

from devtools.local import sample, search, trace
from devtools.local.queues import peek
from devtools.local.run import NotRunning, Run, folder_of
from devtools.local.shards import shard_table, shards_of
from devtools.local.tables import table
from devtools.local.up import up
from shared import topology


def main() -> int:
    """Run one command, and return the exit code."""
    options = _parser().parse_args()
    try:
        exit_code: int = asyncio.run(options.command(options))
    except NotRunning as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    except (AzureError, aiohttp.ClientError) as error:
        print(f"devtools: the local run does not answer ({type(error).__name__}): start it with scripts/up", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return exit_code


async def _send(options: argparse.Namespace) -> int:
    run, rng = Run.current(folder_of(options.port_offset)), Random(secrets.randbits(64))
    counts = {"accounts": options.accounts, "contacts": options.contacts, "opportunities": options.opportunities}
    org = sample.new_org(rng, run.organization_id)
    sent = await sample.send(org, rng, run.webhook_url, counts=counts, timeout_seconds=options.timeout)
    if options.json:
        rows = [{"object": record.object_name, "id": record.id, "name": record.fields.get("Name")} for record in sent.records]
        print(json.dumps({"sent": rows, "acknowledged": sent.acknowledged, "answers": dict(sent.answers)}, indent=2))
    else:
        print(table(("object", "id", "name"), [(record.object_name, record.id, record.fields.get("Name")) for record in sent.records]))
        print(f"\n{sent.acknowledged} of {len(sent.records)} acknowledged")
    return 0 if sent.acknowledged == len(sent.records) else 1


async def _peek(options: argparse.Namespace) -> int:
    found = await peek(Run.current(folder_of(options.port_offset)).service_bus, options.queue, dead=options.dead, most=options.most)
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    rows = [
        (
            message["sequenceNumber"],
            message["id"],
            message["state"],
            message["deliveryCount"],
            message["enqueuedAt"],
            _said(message["body"]),
        )
        for message in found
    ]
    print(table(("number", "id", "state", "deliveries", "enqueued", "says"), rows))
    print(f"\n{len(found)} messages" + (" (there may be more: --most)" if len(found) == options.most else ""))
    return 0


async def _shard(options: argparse.Namespace) -> int:
    run = Run.current(folder_of(options.port_offset))
    found = await shards_of(run, tenant_id=options.tenant or run.tenant_id)
    if options.id is not None:
        found = [shard for shard in found if shard.id.startswith(options.id)]
        if not found:
            print(f"devtools: no shard {options.id} of tenant {options.tenant or run.tenant_id}", file=sys.stderr)
            return 1
    if options.json or options.id is not None:
        print(json.dumps([shard.document() for shard in found], indent=2, ensure_ascii=False))
    else:
        print(shard_table(found))
        print(f"\n{len(found)} shards")
    return 0


async def _trace(options: argparse.Namespace) -> int:
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    found = [shard for shard in await shards_of(run, tenant_id=options.tenant or run.tenant_id) if shard.id.startswith(options.id)]
    if len(found) != 1:
        print(f"devtools: {len(found)} shards begin with {options.id}: python -m devtools shard lists them", file=sys.stderr)
        return 1
    steps = trace.steps(found[0], log=folder / "logs" / "host.log")
    if options.json:
        print(json.dumps({"shard": found[0].document(), "steps": [step.plain() for step in steps]}, indent=2, ensure_ascii=False))
    else:
        print(f"{trace.rendered(steps)}\n\n{trace.ends(found[0])}")
    return 0


async def _search(options: argparse.Namespace) -> int:
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    bearer = search.sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=not options.email)
    reply = await search.ask(run, " ".join(options.words), bearer=bearer, limit=options.most)
    print(json.dumps(reply.body, indent=2, ensure_ascii=False) if options.json else search.rendered(reply))
    return 0 if reply.status == 200 else 1


async def _token(options: argparse.Namespace) -> int:
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    made = search.sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=options.admin, seconds=options.seconds)
    print(json.dumps({"token": made, "expiresInSeconds": options.seconds}) if options.json else made)
    return 0


def _said(body: dict[str, object]) -> str:
    known = ("type", "recordType", "sourceId", "shardTypeId", "shardId", "revision", "reason", "detail")
    return " ".join(str(body[name]) for name in known if body.get(name) is not None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools", description="A local Azure to try Shardline on.")
    commands = parser.add_subparsers(required=True, metavar="up | send | peek | shard | trace | search | token")

    command = commands.add_parser("up", help="start everything, send sample records, show what became of them, stay up")
    command.add_argument("--once", action="store_true", help="stop afterwards: exit code 0 if every record is stored and right, else 1")
    command.add_argument("--keep", action="store_true", help="go on with what the last run stored instead of starting empty")
    command.set_defaults(command=up)

    command = commands.add_parser("send", help="let the sample organization send more invented records")
    for name in ("accounts", "contacts", "opportunities"):
        command.add_argument(f"--{name}", type=int, default=1, metavar="N")
    command.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    command.set_defaults(command=_send)

    command = commands.add_parser("peek", help="look into a queue without taking anything out")
    command.add_argument("queue", choices=[queue.name for queue in topology.QUEUES])
    command.add_argument("--dead", action="store_true", help="the queue's dead letters")
    command.add_argument("--most", type=int, default=20, metavar="N", help="how many messages at most (default: %(default)s)")
    command.set_defaults(command=_peek)

    command = commands.add_parser("shard", help="list the shards, or show one")
    command.add_argument("id", nargs="?", help="a shard's id, or its beginning")
    command.add_argument("--tenant", help="another tenant's (default: the sample's)")
    command.set_defaults(command=_shard)

    command = commands.add_parser("trace", help="show one record's way through the pipeline")
    command.add_argument("id", help="its shard's id, or the beginning of it")
    command.add_argument("--tenant", help="another tenant's (default: the sample's)")
    command.set_defaults(command=_trace)

    command = commands.add_parser("search", help="ask a question in words, by default as somebody who may see all of the sample")
    command.add_argument("words", nargs="+")
    command.add_argument("--most", type=int, default=10, metavar="N", help="how many hits at most (default: %(default)s)")
    command.add_argument("--tenant", help="in another tenant (default: the sample's)")
    command.add_argument("--email", metavar="ADDRESS", help="as this person, who is no admin")
    command.set_defaults(command=_search)

    command = commands.add_parser("token", help="make a bearer token for the API of this run")
    command.add_argument("--tenant", help="another tenant's (default: the sample's)")
    command.add_argument("--email", metavar="ADDRESS", help="for this person")
    command.add_argument("--admin", action="store_true", help="for an admin of the tenant")
    command.add_argument("--seconds", type=int, default=3600, metavar="N", help="how long it is good (default: %(default)s)")
    command.set_defaults(command=_token)
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print for machines")
        command.add_argument("--port-offset", type=int, default=0, metavar="N", help="every port N higher: a second run beside the first")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
