"""``python -m devtools.vendors.salesforce.api [--port 8090] [--seed N] [--accounts N …] [--client-id ID --client-secret SECRET]``

A pretend Salesforce REST API with the records of one invented organization. Prints one line when it listens, stops on Ctrl-C or SIGTERM and
then says what was asked of it. The same seed and organization make the accounts, contacts and opportunities that
``python -m devtools.vendors.salesforce`` sends messages of. Another process changes records by ``/pretend/…`` (``control.py``).
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from devtools import foreground
from devtools.faults.injector import Injector
from devtools.faults.places import injector_of
from devtools.vendors.salesforce.api.control import add_control
from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.api.sessions import ConnectedApp
from devtools.vendors.salesforce.faults import ABILITIES, AT, PLACES
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.records import PretendOrg

_COUNTED = ("accounts", "contacts", "opportunities", "leads", "users")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit code."""
    options = _parser().parse_args(arguments)
    return foreground.run("salesforce", partial(serve, options), port=options.port, refusals=(ValueError,))


async def serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    """Listen until it is to stop, and say then what was asked."""
    faults = injector_of(AT, ABILITIES, PLACES, options.faults)
    now = _clock(options.clock)
    org = _organization(options, now, faults)
    salesforce = PretendSalesforce(org, now=now, faults=faults, apps=(_app(options),))
    add_control(salesforce)
    await salesforce.start(options.port)
    try:
        app = f"client id {options.client_id}, client secret {options.client_secret}"
        user = org.record(org.user_ids[0]).fields["Username"]
        print(f"salesforce: ready on {salesforce.url}, organization {org.organization_id}, user {user}, {app}", flush=True)
        await stop.wait()
    finally:
        await salesforce.stop()
    asked = ", ".join(f"{count} × {operation}" for operation, count in sorted(salesforce.ledger.counts().items())) or "nothing"
    print(f"salesforce: {asked}; {salesforce.ledger.rows()} rows")


def _organization(options: argparse.Namespace, now: Callable[[], datetime], faults: Injector) -> PretendOrg:
    rng = Random(secrets.randbelow(1_000_000) if options.seed is None else options.seed)
    invented_id = random_id("Organization", rng)
    org = PretendOrg(options.organization_id or invented_id, rng, now, faults=faults)
    org.populate(accounts=options.accounts, contacts=options.contacts, opportunities=options.opportunities)
    for object_name, count in (("Lead", options.leads), ("User", options.users)):
        for _ in range(count):
            org.create(object_name)
    return org


def _app(options: argparse.Namespace) -> ConnectedApp:
    key = options.public_key.read_bytes() if options.public_key else None
    return ConnectedApp(options.client_id, options.client_secret, key)


def _clock(began: datetime | None) -> Callable[[], datetime]:
    """The machine's clock, or one that began at another time when the process did."""
    offset = timedelta() if began is None else began - datetime.now(UTC)
    return lambda: datetime.now(UTC) + offset


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools.vendors.salesforce.api", description="A pretend Salesforce on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--organization-id", metavar="ID", help="15 or 18 characters, 00D…; invented when absent")
    parser.add_argument("--seed", type=int, metavar="N", help="make the records of an earlier run again; random when absent")
    for counted in _COUNTED:
        parser.add_argument(f"--{counted}", type=int, default=0 if counted == "users" else 3, metavar="N")
    parser.add_argument("--client-id", default="pretend-client", help="of the connected app (default: %(default)s)")
    parser.add_argument("--client-secret", default="pretend-secret", help="for client credentials (default: %(default)s)")
    parser.add_argument("--public-key", type=Path, metavar="PEM", help="whose private key signs assertions for JWT bearer")
    parser.add_argument("--clock", type=_moment, metavar="TIME", help="what its clock says when it starts, e.g. 2026-01-02T03:04:05Z")
    foreground.add_faults(parser)
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its zone")
    return moment


if __name__ == "__main__":
    sys.exit(main())
