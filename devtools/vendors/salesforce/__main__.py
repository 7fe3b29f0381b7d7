"""``python -m devtools.vendors.salesforce --url URL [--faults PLAN]``: a burst of Outbound Messages from an invented organization.

Prints what was acknowledged and exits 0 when everything was, 1 when something still waits after ``--timeout`` or was dropped. The
seed is printed: the same seed and organization make the same records, ids and first messages again (their times are the clock's).
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from yarl import URL

from devtools.faults.injector import Injector
from devtools.faults.places import injector_of
from devtools.faults.plan import PlanInvalid
from devtools.vendors.salesforce.faults import ABILITIES, AT, PLACES
from devtools.vendors.salesforce.ids import long_id, random_id, short_id
from devtools.vendors.salesforce.ledger import Ledger, State
from devtools.vendors.salesforce.outbound_message import new_action
from devtools.vendors.salesforce.records import PretendOrg
from devtools.vendors.salesforce.sender import OutboundMessages

_ROWS_SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        faults = injector_of(AT, ABILITIES, PLACES, options.faults)
    except PlanInvalid as error:
        print(f"salesforce: {error}", file=sys.stderr)
        return 1
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    rng = Random(seed)
    invented_id = random_id("Organization", rng)
    org = PretendOrg(options.organization_id or invented_id, rng, lambda: datetime.now(UTC), faults=faults)
    print(f"organization {org.organization_id} · seed {seed}")
    try:
        ledger = asyncio.run(_send_burst(org, rng, faults, options))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    print("\n".join(_table(org, ledger)))
    return 0 if ledger.counts()[State.ACKNOWLEDGED] == sum(ledger.counts().values()) else 1


async def _send_burst(org: PretendOrg, rng: Random, faults: Injector, options: argparse.Namespace) -> Ledger:
    ids = org.populate(accounts=options.accounts, contacts=options.contacts, opportunities=options.opportunities)
    async with OutboundMessages(org, rng, faults=faults) as messages:
        for object_name, record_ids in ids.items():
            messages.notify(new_action(object_name, options.url, rng), record_ids)
        try:
            await messages.settled(options.timeout)
        except TimeoutError as error:
            print(error, file=sys.stderr)
    return messages.ledger


def _table(org: PretendOrg, ledger: Ledger) -> list[str]:
    """One line per notification up to a screenful, then one per object and the totals."""
    notification_ids = [notification_id for state in State for notification_id in ledger.notification_ids(state)]
    rows = [("NOTIFICATION", "OBJECT", "RECORD", "NAME", "TRIES", "STATE")]
    for notification_id in notification_ids[:_ROWS_SHOWN]:
        record = org.record(ledger.record_of(notification_id))
        tries, state = ledger.attempts(notification_id), ledger.state_of(notification_id)
        rows.append((notification_id, record.object_name, record.id, str(record.fields["Name"]), str(tries), state.value))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if len(notification_ids) > _ROWS_SHOWN:
        lines.append(f"… and {len(notification_ids) - _ROWS_SHOWN} more")
    return [*lines, "", _totals(ledger)]


def _totals(ledger: Ledger) -> str:
    counts = ledger.counts()
    calls = len({delivery.call for delivery in ledger.deliveries})
    failures = ", ".join(f"{answer.value} {count}" for answer, count in sorted(ledger.answers().items()) if answer != "acknowledged")
    states = ", ".join(f"{count} {state.value}" for state, count in counts.items())
    return f"{sum(counts.values())} notifications in {calls} calls: {states}" + (f" (failed deliveries: {failures})" if failures else "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devtools.vendors.salesforce", description="Send Salesforce Outbound Messages to an endpoint."
    )
    parser.add_argument("--url", required=True, type=_http_url, help="the webhook, its secret path key included")
    parser.add_argument("--accounts", type=_count, default=3, metavar="N")
    parser.add_argument("--contacts", type=_count, default=3, metavar="N")
    parser.add_argument("--opportunities", type=_count, default=3, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N", help="repeat an earlier burst; a random one is chosen and printed")
    parser.add_argument("--organization-id", type=_organization_id, metavar="ID", help="15 or 18 characters, 00D…; invented when absent")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="how long to wait for every acknowledgement")
    parser.add_argument("--faults", type=Path, metavar="PLAN", help="a fault plan as JSON (devtools/faults): what to do wrong")
    return parser


def _http_url(text: str) -> str:
    url = URL(text)
    if url.scheme not in {"http", "https"} or not url.host:
        raise argparse.ArgumentTypeError("not an http or https address")
    return text


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("cannot be negative")
    return count


def _organization_id(text: str) -> str:
    """Checks the id's own check characters, so that a typing error is not mistaken for a refusal by the receiver."""
    try:
        long = text if len(text) == 18 and short_id(text) else long_id(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not long.startswith("00D"):
        raise argparse.ArgumentTypeError("an organization id starts with 00D")
    return long


if __name__ == "__main__":
    sys.exit(main())
