"""``connections add gdrive``: a Workspace's Drive, read as some of its people, or the Drive of one person.

As people of a domain: a service account, to which the domain's administrator has delegated. As one person: an OAuth client and the
refresh token that this person gave it.
"""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from ingestion.sources.gdrive.logs import GROUPS
from ingestion.sources.gdrive.tokens import DIRECTORY_SCOPE, DRIVE_SCOPE
from ops.answers import Answers, Check, check_text, check_url
from ops.google_key import (
    ServiceKey,
    addresses_in,
    check_address,
    check_addresses,
    check_domain,
    client_secret_in,
    refresh_token_in,
    service_key_in,
)
from ops.ports import Ports
from ops.refusals import Misused
from ops.wanted import Wanted, known_connection
from shared.connections.connection import Connection, Credential, connection_id
from shared.contracts.canonical import digest
from shared.streams.defaults import DEFAULT_STREAMS, streams_of, user_stream

SOURCE: Final = "gdrive"
TOKENS: Final = "https://oauth2.googleapis.com"
POLL_SECONDS: Final = 600
MOST_OF_A_NAME: Final = 60
_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")
_PLACE: Final = "admin.google.com → Security → Access and data control → API controls → Manage domain-wide delegation → Add new"


async def wanted_of(options: argparse.Namespace, ports: Ports, answers: Answers) -> Wanted:
    """What the options, the answers and what is stored already come to.

    Raises:
        Misused: something is missing, or is not what it has to be.
        Refused: the account is another tenant's.
        TransientError: when the store cannot answer now.
    """
    tenant = answers.take("--tenant", options.tenant, "the tenant's id", check_text)
    key_file, client_file = _files(options, answers)
    key = None if key_file is None else service_key_in(key_file)
    # With neither file the secret is stored already: a domain names a Workspace's connection, and one address a person's.
    is_personal = client_file is not None or (key is None and options.domain is None and bool(_addresses(options)))
    if is_personal:
        account = answers.take("--user", " ".join(_addresses(options)) or None, "the person's address", check_address)
    else:
        account = answers.take("--domain", options.domain, "the Workspace's primary domain", check_domain)
    answers.check()
    known = await known_connection(SOURCE, account, tenant, ports)
    users = _users(options, answers, known, account, is_personal=is_personal)
    stored = None if known is None else known.credential
    base_url = options.base_url or (TOKENS if stored is None else stored.base_url)
    base_url = answers.take("--base-url", base_url, "where tokens are given", check_url)
    groups_reader = _groups_reader(options, answers, stored)
    answers.check()
    client_id, secret = _personal(options, answers, stored, client_file) if is_personal else _delegated(key, stored)
    credential = Credential(
        kind="refresh-token" if is_personal else "service-account",
        base_url=base_url,
        client_id=client_id,
        subject=groups_reader,
        secret_name=_new_secret_name(account) if stored is None else stored.secret_name,
    )
    now = ports.now()
    before = known or Connection(
        id=connection_id(SOURCE, account), tenant_id=tenant, source=SOURCE, account=account, poll_seconds=POLL_SECONDS, created_at=now
    )
    lost = tuple(user_stream(user) for user in before.users if user not in users)
    changes: dict[str, Any] = {
        "credential": credential,
        "users": users,
        "streams": _streams(before, users, lost, has_groups=_has_groups(options, answers, known)),
        "next_due_at": None if before.paused_by == "operator" else now,
    }
    connection = before.model_copy(update=changes)
    scopes = [DRIVE_SCOPE, *([DIRECTORY_SCOPE] if GROUPS in connection.streams else [])]
    delegated = {} if key is None else {"serviceAccount": key.email, "keyId": key.key_id, "clientId": key.client_id}
    return Wanted(
        connection,
        secret,
        kept_as='the JSON {"client_secret": "…", "refresh_token": "…"}' if is_personal else "the text of the key file",
        shown={"users": list(users), **delegated, "scopes": scopes},
        lost=lost,
        is_tested=not options.no_test,
        at_the_vendors=_consent(scopes) if is_personal else _delegation(key, scopes),
    )


def _files(options: argparse.Namespace, answers: Answers) -> tuple[Path | None, Path | None]:
    """The files of a service account's key and of an OAuth client's secret: one of them, or none."""
    if options.key_file is not None or options.client_secret_file is not None or not answers.can_ask:
        return options.key_file, options.client_secret_file
    question = "the file of the service account's key (nothing: it is one person's, or stored already)"
    key = answers.take("--key-file", None, question, _check_file(service_key_in))
    if key or options.domain is not None:
        return (Path(key) if key else None), None
    question = "the file of the OAuth client's secret (nothing: it is stored already)"
    client = answers.take("--client-secret-file", None, question, _check_file(client_secret_in))
    return None, Path(client) if client else None


def _check_file(read: Callable[[Path], object]) -> Check:
    def check(text: str) -> str:
        try:
            if text:
                read(Path(text))
        except Misused as error:
            raise ValueError(str(error)) from None
        return text

    return check


def _addresses(options: argparse.Namespace) -> list[str]:
    return [*options.user, *(addresses_in(options.users_file) if options.users_file is not None else [])]


def _users(options: argparse.Namespace, answers: Answers, known: Connection | None, account: str, *, is_personal: bool) -> tuple[str, ...]:
    if is_personal:
        return (account,)
    said = _addresses(options)
    if not said and known is not None and known.users:
        return known.users
    question = f"whom it is read as: addresses of {account}, with blanks between them"
    return tuple(answers.take("--user or --users-file", " ".join(said) or None, question, check_addresses).split())


def _has_groups(options: argparse.Namespace, answers: Answers, known: Connection | None) -> bool:
    if options.groups is not None:
        return bool(options.groups)
    if known is not None:
        return GROUPS in known.streams
    if not answers.has_asked:
        return False
    return answers.take("--groups", None, "read its groups, too, and who is in them? (no)", str).strip().lower() in {"y", "yes"}


def _groups_reader(options: argparse.Namespace, answers: Answers, stored: Credential | None) -> str | None:
    """The administrator as whom the directory is read; None: the first of the users."""
    if options.groups_as is None:
        return None if stored is None else stored.subject
    return answers.take("--groups-as", options.groups_as, "an administrator's address", check_address)


def _streams(before: Connection, users: tuple[str, ...], lost: tuple[str, ...], *, has_groups: bool) -> tuple[str, ...]:
    """Empty, where these are the source's own. Shared drives that were found stay: the next poll says what has become of them."""
    found = [stream for stream in before.streams if stream not in lost and stream != GROUPS]
    wanted = dict.fromkeys([*DEFAULT_STREAMS[SOURCE], *map(user_stream, users), *found, *([GROUPS] if has_groups else [])])
    own = streams_of(before.model_copy(update={"streams": (), "users": users}))
    return () if tuple(wanted) == own else tuple(wanted)


def _delegated(key: ServiceKey | None, before: Credential | None) -> tuple[str, SecretStr | None]:
    """The service account's address, and its key where it is new."""
    if key is not None:
        return key.email, key.secret
    if before is None:
        raise Misused("missing: --key-file")
    return before.client_id, None


def _personal(
    options: argparse.Namespace, answers: Answers, before: Credential | None, client_file: Path | None
) -> tuple[str, SecretStr | None]:
    """The OAuth client's id, and the two secrets where they are new."""
    if client_file is None:
        if before is None:
            raise Misused("missing: --client-secret-file, --refresh-token-file")
        if options.refresh_token_file is not None:
            raise Misused("--refresh-token-file goes with --client-secret-file: both are one secret")
        return options.client_id or before.client_id, None
    client = client_secret_in(client_file)
    client_id = answers.take("--client-id", options.client_id or client.client_id, "the OAuth client's id", check_text)
    named = None if options.refresh_token_file is None else str(options.refresh_token_file)
    file = answers.take("--refresh-token-file", named, "the file of the refresh token", check_text)
    answers.check()
    secret = {"client_secret": client.secret, "refresh_token": refresh_token_in(Path(file))}
    return client_id, SecretStr(json.dumps(secret, separators=(",", ":")))


def _new_secret_name(account: str) -> str:
    """Key Vault allows letters, digits and hyphens alone; the digest keeps ``a-b.example`` and ``a.b.example`` apart."""
    return f"{SOURCE}-{_NO_LETTER.sub('-', account)[:MOST_OF_A_NAME]}-{digest(account)[:8]}"


def _delegation(key: ServiceKey | None, scopes: list[str]) -> tuple[str, ...]:
    client_id = "the service account's unique id (client_id in its key file)" if key is None else key.client_id
    return (
        f"{_PLACE}: client ID {client_id}, scopes {','.join(scopes)}",
        "it may take some minutes to be known, and up to a day; the Drive API has to be enabled in the service account's project"
        + (", and the Admin SDK API, too" if DIRECTORY_SCOPE in scopes else ""),
    )


def _consent(scopes: list[str]) -> tuple[str, ...]:
    return (f"the person's consent must be for {' and '.join(scopes)}, with access_type=offline; and the Drive API enabled",)
