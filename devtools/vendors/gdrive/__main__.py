"""``python -m devtools.vendors.gdrive [--port 8092] [--seed N] [--users N] [--files N] [--account EMAIL --public-key PEM]``

A pretend Google Drive with an invented company in it. Prints one line when it listens, stops on Ctrl-C or SIGTERM and then says what was
asked of it. Another process changes what is in it by ``/pretend/…`` (``api/control.py``).
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
from devtools.faults.places import injector_of
from devtools.vendors.gdrive.api.control import add_control
from devtools.vendors.gdrive.api.service import PretendGoogle
from devtools.vendors.gdrive.api.sessions import EVERY_SCOPE, OAuthClient, ServiceAccount
from devtools.vendors.gdrive.company import found_company
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.faults import ABILITIES, AT, PLACES


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit code."""
    options = _parser().parse_args(arguments)
    return foreground.run(AT, partial(serve, options), port=options.port, refusals=(ValueError,))


async def serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    """Listen until it is to stop, and say then what was asked."""
    faults = injector_of(AT, ABILITIES, PLACES, options.faults)
    now = _clock(options.clock)
    drive = PretendDrive(options.domain, Random(secrets.randbelow(1_000_000) if options.seed is None else options.seed), now)
    found_company(drive, users=options.users, files=options.files)
    if options.many:
        drive.populate_fast(options.many, parent=next(iter(drive.drives)))
    clients = [OAuthClient(options.client_id, options.client_secret)]
    google = PretendGoogle(drive, now=now, accounts=_accounts(options), clients=clients, faults=faults)
    add_control(google)
    await google.start(options.port)
    try:
        administrator = next(iter(drive.people.users))
        refresh = google.sessions.consent(administrator, client_id=options.client_id, scopes=EVERY_SCOPE)
        app = f"client id {options.client_id}, client secret {options.client_secret}, refresh token {refresh}"
        print(f"{AT}: ready on {google.url}, domain {drive.domain}, administrator {administrator}, {app}", flush=True)
        await stop.wait()
    finally:
        await google.stop()
    asked = ", ".join(f"{count} × {operation}" for operation, count in sorted(google.ledger.counts().items())) or "nothing"
    print(f"{AT}: {asked}; {google.ledger.rows()} rows")


def _accounts(options: argparse.Namespace) -> list[ServiceAccount]:
    if options.public_key is None:
        return []
    return [ServiceAccount(options.account, {options.key_id: options.public_key.read_bytes()})]


def _clock(began: datetime | None) -> Callable[[], datetime]:
    """The machine's clock, or one that began at another time when the process did."""
    offset = timedelta() if began is None else began - datetime.now(UTC)
    return lambda: datetime.now(UTC) + offset


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools.vendors.gdrive", description="A pretend Google Drive on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8092, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--domain", default="pretend.example", help="of its people (default: %(default)s)")
    parser.add_argument("--seed", type=int, metavar="N", help="make the ids of an earlier run again; random when absent")
    parser.add_argument("--users", type=_from_one, default=4, metavar="N")
    parser.add_argument("--files", type=int, default=30, metavar="N")
    parser.add_argument("--many", type=int, default=0, metavar="N", help="so many more in the first shared drive, which are in no log")
    parser.add_argument("--client-id", default="pretend-client", help="of the application (default: %(default)s)")
    parser.add_argument("--client-secret", default="pretend-secret", help="of the application (default: %(default)s)")
    parser.add_argument("--account", default="reader@pretend-project.iam.gserviceaccount.com", help="the service account")
    parser.add_argument(
        "--public-key", type=Path, metavar="PEM", help="whose private key signs for the service account; it may do everything"
    )
    parser.add_argument("--key-id", default="key-1", help="what the service account's key is called (default: %(default)s)")
    parser.add_argument("--clock", type=_moment, metavar="TIME", help="what its clock says when it starts, e.g. 2026-01-02T03:04:05Z")
    foreground.add_faults(parser)
    return parser


def _from_one(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("somebody has to be there")
    return count


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its zone")
    return moment


if __name__ == "__main__":
    sys.exit(main())
