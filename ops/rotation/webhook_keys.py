"""The key in the address of Salesforce's webhook: a second one beside the first, and the first taken away when nobody has it any more.

Only hashes are stored. That somebody came by a key is noted once an hour (shared/connections/cache.py), so a moment here is that exact.
"""

import argparse
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ingestion.sources.salesforce.webhook import key_handle
from ops.adding_salesforce import GENERATE, KEY_BYTES
from ops.answers import Answers, check_key
from ops.ports import Ports
from ops.refusals import Refused
from ops.rotation.done import Done
from ops.runs import connection_called
from shared.connections.connection import POSITIVE_CACHE_SECONDS, USE_NOTED_AGAIN_AFTER, Connection, Handle
from shared.contracts.message import timestamp

OF_KEYS: Final = key_handle("").partition(":")[0] + ":"
STILL_IN_USE: Final = 2 * USE_NOTED_AGAIN_AFTER
"""Each outbound message has an address of its own: one that was forgotten goes on with the old key, and shows at least so often if it is
busy. With its key away it would be refused, and after a day Salesforce gives it up."""
SHOWN_CHARACTERS: Final = 8
"""Of a key's hash: enough to tell two apart."""


async def add(options: argparse.Namespace, connection: Connection, ports: Ports, confirm: Callable[[str], None]) -> Done:
    """A further key. The ones there are go on working.

    Raises:
        Misused: the key cannot be one.
        TransientError: when the store cannot answer now.
    """
    is_made = options.webhook_key == GENERATE
    key = secrets.token_urlsafe(KEY_BYTES) if is_made else options.webhook_key
    answers = Answers(None)
    handle = key_handle(answers.take("--webhook-key", key, "the key", check_key))
    answers.check()
    before = await _keys(connection, ports)
    app = (options.app_url or "https://<the app>").rstrip("/")
    steps = (
        "change the endpoint URL of each outbound message (docs/sources/salesforce.md); both addresses are answered meanwhile",
        f"two hours after the last has it: python -m ops connections rotate {connection.id} --finish",
    )
    if handle in {one.id for one in before}:
        return Done("the key is there already, and nothing was added", steps)
    if options.dry_run:
        return Done(f"a key would be added beside {_number(before)}", steps)
    confirm(f"add a key beside {_number(before)}?")
    now_stored = await connection_called(connection.id, ports.connections)  # workers write it, too
    await ports.connections.add(now_stored, handles=(handle,), at=ports.now())
    shown = {"webhookAddress": f"{app}/api/webhooks/salesforce/{key}"} if is_made else {}
    return Done(f"a key is added beside {_number(before)}, and what there was still works", steps, shown, is_stored=True)


async def finish(options: argparse.Namespace, connection: Connection, ports: Ports, confirm: Callable[[str], None]) -> Done:
    """Take all keys away but the newest.

    Raises:
        Refused: there is one; or nobody came by the newest yet, or somebody came by an old one of late, and ``--yes`` is not said.
        TransientError: when the store cannot answer now.
    """
    keys = await _keys(connection, ports)
    if len(keys) < 2:  # noqa: PLR2004 - an old one and a new one
        raise Refused(f"{connection.id} has {_number(keys)}: add one with --webhook-key generate first")
    *old, new = keys
    shown = {_name(key): f"added {_said(key.added_at)}, last used {_said(key.used_at)}" for key in keys}
    seen = "; ".join(f"{name} {text}" for name, text in shown.items())
    if new.used_at is None and not options.yes:
        raise Refused(f"nobody came by the new key yet, and with the old one away nobody could: {seen}. If that is right, say --yes")
    if not options.yes and (in_use := [_name(key) for key in old if _is_in_use(key, ports.now())]):
        raise Refused(
            f"{', '.join(in_use)} was used within the last {STILL_IN_USE.total_seconds() / 3600:g} hours, and whoever has it would be"
            f" refused: {seen}. See that every outbound message has the new address, and come back later; if all have it, say --yes"
        )
    if options.dry_run:
        return Done(f"would be taken away: {', '.join(_name(key) for key in old)}", (), shown)
    confirm(f"{seen}. Take away {', '.join(_name(key) for key in old)}?")
    for key in old:
        await ports.connections.drop_handle(key.id)
    said = f"taken away: {', '.join(_name(key) for key in old)}; a worker may believe it for {POSITIVE_CACHE_SECONDS:g} s more"
    return Done(said, (), shown, is_stored=True)


async def _keys(connection: Connection, ports: Ports) -> list[Handle]:
    return [handle for handle in await ports.connections.handles(connection.id) if handle.id.startswith(OF_KEYS)]


def _is_in_use(key: Handle, now: datetime) -> bool:
    return key.used_at is not None and now - key.used_at < STILL_IN_USE


def _name(key: Handle) -> str:
    return f"key {key.id.removeprefix(OF_KEYS)[:SHOWN_CHARACTERS]}…"


def _said(moment: datetime | None) -> str:
    return "at an unknown time" if moment is None else timestamp(moment)[:16] + "Z"


def _number(keys: list[Handle]) -> str:
    return "one key" if len(keys) == 1 else f"{len(keys) or 'no'} keys"
