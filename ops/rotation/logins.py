"""What the app logs in with at a vendor's: the new secret is tried there first, and stored only if everything can be read with it.

The old one is not touched: it works until somebody removes it at the vendor's. Workers read the secret anew after five minutes, and as soon
as the vendor refuses the one they have. With another app's id the secret gets a name of its own, so that id and secret change at once.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ops.adding_salesforce import consumer_secret_in
from ops.answers import check_private_key
from ops.checks import checks_of
from ops.google_key import client_secret_in, refresh_token_in, service_key_in
from ops.ports import Ports
from ops.refusals import Misused, Refused
from ops.rotation.done import Done
from ops.runs import connection_called
from ops.slack_account import account_of, bot_token_in
from shared.connections.connection import Connection, Credential
from shared.contracts.canonical import digest
from shared.errors import ConfigurationError, Conflict, PermanentError, StreamUnreadable, TransientError

TRIES = 5
REMOVE = {
    "jwt-bearer": "remove the old certificate from the app in Salesforce",
    "client-credentials": "remove the old consumer secret in Salesforce",
    "service-account": "delete the old key of the service account in the Cloud console",
    "refresh-token": "disable the old client secret in the Cloud console, or revoke the old token",
    "bot-token": "nothing is left to do at Slack's: installing the app again has replaced the token",
}


async def replace(options: argparse.Namespace, connection: Connection, ports: Ports, confirm: Callable[[str], None]) -> Done:
    """Try the new secret, store it, and let the connection go on if the app had paused it.

    Raises:
        Misused: a file holds no such secret.
        Refused: it is somebody else's, or does not work: nothing was changed. Or the secret is stored and the connection cannot be: the
            same again ends it, and the app logs in as before until then.
        TransientError: the vendor or the vault does not answer now: nothing was changed.
    """
    before = connection.credential
    if before is None:
        raise Refused(f"{connection.id} has no credential: its vendor only calls us")
    credential, secret = await _new(options, connection, before, ports)
    changed = connection.model_copy(update={"credential": credential})
    streams = await _tried(changed, connection, secret, ports)
    where = ports.keeper.tells(credential.secret_name)
    shown = {"secret": where, "clientId": credential.client_id, "readable": streams}
    if options.dry_run:
        return Done("it works; nothing was stored", ("run it again without --dry-run",), shown)
    if not ports.keeper.takes:
        steps = (f"put it into {where}, which the app reads when it starts: both work meanwhile", *_afterwards(connection, credential))
        if credential != before:
            raise Refused(f"it works, and without a Key Vault another app's id cannot be taken up without a stop: put it into {where}")
        return Done("it works; it is stored nowhere yet", steps, shown)
    confirm(f"it works. Store it as {where}?")
    await ports.keeper.keep(credential.secret_name, secret)  # first: whoever reads the connection must find it
    if credential != before or connection.paused_by == "app":
        try:
            await _store(connection, credential, ports)
        except TransientError as error:
            raise Refused(f"the secret is {where} by now, and the connection goes on as it was: run it again ({error})") from error
    steps = _afterwards(connection, credential)
    if credential.secret_name != before.secret_name:  # whoever erases the tenant later would not know of it
        steps = (*steps, f"at last delete {ports.keeper.tells(before.secret_name)}, which this connection does not name any more")
    return Done(f"it works, and is {where}", steps, shown, is_stored=True)


def _afterwards(connection: Connection, credential: Credential) -> tuple[str, ...]:
    return f"after five minutes: python -m ops connections test {connection.id}", f"then {REMOVE[credential.kind]}"


async def _new(options: argparse.Namespace, connection: Connection, before: Credential, ports: Ports) -> tuple[Credential, SecretStr]:
    match before.kind:
        case "jwt-bearer":
            return _credential(before, options.client_id), check_private_key(options.private_key_file)
        case "client-credentials":
            return _credential(before, options.client_id), consumer_secret_in(options.client_secret_file)
        case "service-account":
            key = service_key_in(options.key_file)
            if key.email != before.client_id:
                raise Refused(
                    "the key is another service account's: connect it with `connections add`, for it has to be delegated to first"
                )
            return before, key.secret
        case "refresh-token":
            secret, named = await _consent(options.client_secret_file, options.refresh_token_file, before, ports)
            return _credential(before, options.client_id or named), secret
        case "bot-token":
            token = bot_token_in(options.token_file)
            found = await account_of(token, http=ports.http(), base_url=before.base_url, now=ports.now)
            if found.id != connection.account or (found.app_id is not None and found.app_id != before.client_id):
                raise Refused(
                    f"the token is of {found.app_id or 'an app'} in {found.id}, and not of {before.client_id} in {connection.account}"
                )
            return before, token


async def _consent(client_file: Path | None, token_file: Path | None, before: Credential, ports: Ports) -> tuple[SecretStr, str | None]:
    """Both secrets of one person's Drive: what is not given anew stays."""
    held: dict[str, Any] = {}
    if client_file is None or token_file is None:
        try:
            held = dict(json.loads((await ports.secrets().read(before.secret_name)).get_secret_value()))
        except (ConfigurationError, ValueError, TypeError) as error:  # the last two: what is stored is no JSON, or no object
            raise Misused("the other half of it cannot be read: give --client-secret-file and --refresh-token-file") from error
    client = None if client_file is None else client_secret_in(client_file)
    if client is not None:
        held["client_secret"] = client.secret
    if token_file is not None:
        held["refresh_token"] = refresh_token_in(token_file)
    both = {name: held.get(name) for name in ("client_secret", "refresh_token")}
    return SecretStr(json.dumps(both, separators=(",", ":"))), None if client is None else client.client_id


def _credential(before: Credential, client_id: str | None) -> Credential:
    if client_id is None or client_id == before.client_id:
        return before
    name = f"{before.secret_name[:110]}-{digest(client_id)[:8]}"
    return before.model_copy(update={"client_id": client_id, "secret_name": name})


async def _tried(changed: Connection, connection: Connection, secret: SecretStr, ports: Ports) -> list[str]:
    """The streams that can be read with it: all that can be with the old one."""
    credential = changed.credential
    assert credential is not None  # noqa: S101 - for the type checker
    try:
        checks = await checks_of(changed, ports, known={credential.secret_name: secret})
    except (ConfigurationError, PermanentError, StreamUnreadable) as error:
        raise Refused(f"it does not work, and nothing was changed: {error}") from error
    unreadable = {check.stream: check.detail for check in checks if not check.is_readable}
    if unreadable:
        lost = sorted(unreadable.keys() - await _unreadable_before(connection, ports))
        if lost:
            why = "; ".join(f"{stream} ({unreadable[stream]})" for stream in lost)
            raise Refused(f"with it this cannot be read any more, and nothing was changed: {why}")
        if len(unreadable) == len(checks):  # nor with the old one: that is no reason to believe in the new one
            why = "; ".join(f"{stream} ({detail})" for stream, detail in sorted(unreadable.items()))
            raise Refused(f"nothing can be read with it, and nothing was changed: {why}")
    return [check.stream for check in checks if check.is_readable]


async def _unreadable_before(connection: Connection, ports: Ports) -> set[str]:
    try:
        return {check.stream for check in await checks_of(connection, ports) if not check.is_readable}
    except (ConfigurationError, PermanentError, StreamUnreadable, TransientError):
        return set()  # nothing is known of before, so everything is asked of the new one


async def _store(connection: Connection, credential: Credential, ports: Ports) -> None:
    for tried in range(1, TRIES + 1):
        changes: dict[str, Any] = {"credential": credential}
        if connection.paused_by == "app":  # not let in with the old one: the new one was
            changes |= {"status": "active", "paused_by": None, "paused_reason": None, "next_due_at": ports.now()}
        try:
            await ports.connections.replace(connection.model_copy(update=changes))
        except Conflict:
            if tried == TRIES:
                raise
            connection = await connection_called(connection.id, ports.connections)
        else:
            return
