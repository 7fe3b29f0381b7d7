"""``connections add``: a vendor's account is connected, or its connection stored anew.

The connection document holds the name of a secret, and the secret itself goes to the deployment's Key Vault, or is a setting that an
operator makes. Nothing that is secret is printed, but the address of a webhook whose key was made here: once, for it is stored as a hash.
"""

import argparse
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from devtools.local.output import show_json
from devtools.local.tables import table
from ingestion.sources.salesforce.webhook import key_handle
from ops.answers import Answers, check_action, check_key, check_organization, check_private_key, check_text, check_url
from ops.connections import plain
from ops.ports import Ports
from ops.refusals import Misused, Refused
from shared.connections.connection import Connection, Credential, connection_id

GENERATE: Final = "generate"
KEY_BYTES: Final = 32
SOURCE: Final = "salesforce"

Ask = Callable[[str], str]


@dataclass(frozen=True)
class Wanted:
    """What is to be stored."""

    connection: Connection
    handles: tuple[str, ...]
    secret: SecretStr | None
    key: str | None
    """The webhook's key, if it was made here."""


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Ask for what is missing, check it, store it, and say what is to be done next."""
    ask = _asked if sys.stdin.isatty() and not options.json else None
    wanted = await wanted_of(options, ports, ask=ask)
    if not options.dry_run:
        credential = wanted.connection.credential
        if wanted.secret is not None and credential is not None:
            await ports.keeper.keep(credential.secret_name, wanted.secret)  # first: what is polled must find it
        await ports.connections.add(wanted.connection, handles=wanted.handles)
    steps = next_steps(wanted, options, ports)
    address = None if wanted.key is None or options.dry_run else f"{_app(options)}/api/webhooks/{SOURCE}/{wanted.key}"
    if options.json:
        show_json({**plain(wanted.connection), "stored": not options.dry_run, "webhookAddress": address, "next": steps})
        return 0
    print("would be stored:" if options.dry_run else "stored:", end="\n\n")
    print(table(("", ""), [(name, _shown(value)) for name, value in plain(wanted.connection).items()]), end="\n\n")
    if address is not None:
        print(f"the webhook's address, shown this once:\n  {address}\n")
    print("\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)))
    return 0


async def wanted_of(options: argparse.Namespace, ports: Ports, *, ask: Ask | None) -> Wanted:
    """What the options, the answers and what is stored already come to.

    Raises:
        Misused: something is missing, or is not what it has to be.
        Refused: the account is another tenant's.
        TransientError: when the store cannot answer now.
    """
    answers = Answers(ask)
    organization = answers.take("--organization", options.organization, "the organization's id (00D…)", check_organization)
    tenant = answers.take("--tenant", options.tenant, "the tenant's id", check_text)
    answers.check()
    known = await ports.connections.find(connection_id(SOURCE, organization))
    if known is not None and known.tenant_id != tenant:
        raise Refused(f"{known.id} is connected by another tenant")
    credential, secret = (None, None) if options.webhook_only else _credential(options, answers, known, organization)
    key = secrets.token_urlsafe(KEY_BYTES) if options.webhook_key == GENERATE else options.webhook_key
    handles = (key_handle(answers.take("--webhook-key", key, "the key", check_key)),) if key is not None else ()
    actions = tuple(answers.take("--action", action, "the action", check_action) for action in options.action)
    answers.check()
    now = ports.now()
    before = known or Connection(
        id=connection_id(SOURCE, organization), tenant_id=tenant, source=SOURCE, account=organization, created_at=now
    )
    changes: dict[str, Any] = {
        "credential": credential,
        "streams": tuple(options.stream) or before.streams,
        "action_ids": actions or before.action_ids,
        # Due at once: the first poll starts the first back-fill by itself. What an operator paused stays paused.
        "next_due_at": None if credential is None or before.paused_by == "operator" else now,
    }
    return Wanted(before.model_copy(update=changes), handles, secret, key if options.webhook_key == GENERATE else None)


def next_steps(wanted: Wanted, options: argparse.Namespace, ports: Ports) -> list[str]:
    """What is to be done, in this order."""
    connection, steps = wanted.connection, []
    if options.dry_run:
        return ["run it again without --dry-run"]
    if connection.credential is not None:
        where = ports.keeper.tells(connection.credential.secret_name)
        if wanted.secret is not None:
            steps.append(f"the secret is {where}" if ports.keeper.takes else f"put the secret into {where}: it is stored nowhere yet")
        if connection.status == "paused":
            steps.append(f"it is paused by {connection.paused_by}: python -m ops connections resume {connection.id}")
        steps.append(f"python -m ops connections test {connection.id}")
    if wanted.handles:
        steps.append("let the organization's outbound messages call the webhook's address (docs/sources/salesforce.md)")
    if connection.credential is not None:
        steps.append(f"the next poll starts the first back-fill: python -m ops completeness {connection.id} --watch")
    return steps


def _credential(
    options: argparse.Namespace, answers: Answers, known: Connection | None, organization: str
) -> tuple[Credential, SecretStr | None]:
    before = known.credential if known is not None else None
    known_url, known_client = (None, None) if before is None else (before.base_url, before.client_id)
    base_url = answers.take("--base-url", options.base_url or known_url, "where we log in (https://…)", check_url)
    client_id = answers.take("--client-id", options.client_id or known_client, "the consumer key", check_text)
    key_file, secret_file = options.private_key_file, options.client_secret_file
    if key_file is None and secret_file is None and before is None:
        named = answers.take("--private-key-file or --client-secret-file", None, "the file of the private key (nothing: a secret)", str)
        key_file = Path(named) if named else None
        secret_file = None if named else Path(answers.take("--client-secret-file", None, "the file of the consumer secret", check_text))
    kind = "jwt-bearer" if key_file else "client-credentials" if secret_file else before.kind if before else "jwt-bearer"
    user = options.user or (before.subject if before is not None else None)
    if kind == "jwt-bearer":
        user = answers.take("--user", user, "the user we act as", check_text)
    audience = options.audience or (before.audience if before is not None else None)
    if audience is not None:
        audience = answers.take("--audience", audience, "the audience", check_url)
    answers.check()
    secret = check_private_key(key_file) if key_file else _secret_in(secret_file) if secret_file else None
    return Credential(
        kind="jwt-bearer" if kind == "jwt-bearer" else "client-credentials",
        base_url=base_url,
        client_id=client_id,
        subject=user if kind == "jwt-bearer" else None,
        audience=audience,
        secret_name=before.secret_name if before is not None else f"{SOURCE}-{organization}",
    ), secret


def _secret_in(file: Path) -> SecretStr:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file}: cannot be read ({type(error).__name__})") from None
    if not text or "\n" in text:
        raise Misused(f"{file}: a consumer secret is one line")
    return SecretStr(text)


def _asked(question: str) -> str:
    """An answer typed at the terminal."""
    try:
        return input(f"{question}: ").strip()
    except EOFError:
        raise Misused("there was no answer") from None


def _app(options: argparse.Namespace) -> str:
    return (options.app_url or "https://<the app>").rstrip("/")


def _shown(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
