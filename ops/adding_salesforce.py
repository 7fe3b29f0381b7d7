"""``connections add salesforce``: what is asked, and what comes of it."""

import argparse
import secrets
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from ingestion.sources.salesforce.webhook import key_handle
from ops.answers import Answers, check_action, check_key, check_organization, check_private_key, check_text, check_url
from ops.ports import Ports
from ops.refusals import Misused
from ops.wanted import Wanted, known_connection
from shared.connections.connection import Connection, Credential, connection_id

GENERATE: Final = "generate"
KEY_BYTES: Final = 32
SOURCE: Final = "salesforce"


async def wanted_of(options: argparse.Namespace, ports: Ports, answers: Answers) -> Wanted:
    """What the options, the answers and what is stored already come to.

    Raises:
        Misused: something is missing, or is not what it has to be.
        Refused: the account is another tenant's.
        TransientError: when the store cannot answer now.
    """
    organization = answers.take("--organization", options.organization, "the organization's id (00D…)", check_organization)
    tenant = answers.take("--tenant", options.tenant, "the tenant's id", check_text)
    answers.check()
    known = await known_connection(SOURCE, organization, tenant, ports)
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
    return Wanted(
        before.model_copy(update=changes),
        secret,
        handles=handles,
        key=key if options.webhook_key == GENERATE else None,
        further=("let the organization's outbound messages call the webhook's address (docs/sources/salesforce.md)",) if handles else (),
    )


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
    secret = check_private_key(key_file) if key_file else consumer_secret_in(secret_file) if secret_file else None
    return Credential(
        kind="jwt-bearer" if kind == "jwt-bearer" else "client-credentials",
        base_url=base_url,
        client_id=client_id,
        subject=user if kind == "jwt-bearer" else None,
        audience=audience,
        secret_name=before.secret_name if before is not None else f"{SOURCE}-{organization}",
    ), secret


def consumer_secret_in(file: Path) -> SecretStr:
    """The consumer secret in a file.

    Raises:
        Misused: it holds none.
    """
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file}: cannot be read ({type(error).__name__})") from None
    if not text or "\n" in text:
        raise Misused(f"{file}: a consumer secret is one line")
    return SecretStr(text)
