"""``connections add slack``: a workspace, or a whole Enterprise organization, by the bot token of an app; or without one.

Whose the token is Slack is asked, so that nobody has to know, and nobody can connect one account with another one's token.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from ingestion.sources.slack.envelope import handle_of, handle_within
from ops.answers import Answers, check_text, check_url
from ops.ports import Ports
from ops.refusals import Misused, Refused
from ops.slack_account import (
    SCOPES,
    SlackAccount,
    account_of,
    bot_token_in,
    check_account,
    check_app,
    check_secret_name,
    checked_token,
)
from ops.wanted import Wanted, known_connection
from shared.connections.connection import Connection, Credential, connection_id
from shared.errors import ConfigurationError

SOURCE: Final = "slack"
SLACK: Final = "https://slack.com"
EVERY_DAY: Final = 86_400
WEBHOOK: Final = "/api/webhooks/slack"
SIGNING_SECRETS: Final = "slack-signing-secrets"
"""What the steps call the secret in Key Vault that the setting refers to."""


@dataclass(frozen=True)
class _Token:
    """A bot token, and where it is kept."""

    text: SecretStr
    is_new: bool
    """It has to be stored."""


async def wanted_of(options: argparse.Namespace, ports: Ports, answers: Answers) -> Wanted:
    """What the options, the answers, Slack and what is stored already come to.

    Raises:
        Misused: something is missing, or is not what it has to be.
        Refused: the token is of another app or account, or Slack does not accept it; the account is another tenant's.
        TransientError: when the store, or Slack, cannot answer now.
    """
    tenant = answers.take("--tenant", options.tenant, "the tenant's id", check_text)
    account = None if options.account is None else answers.take("--account", options.account, "the account", check_account)
    answers.check()
    known = None if account is None else await known_connection(SOURCE, account, tenant, ports)
    stored = None if known is None else known.credential
    app = answers.take("--app", options.app or (None if stored is None else stored.client_id), "the Slack app's id (A…)", check_app)
    base_url = answers.take("--base-url", options.base_url or (SLACK if stored is None else stored.base_url), "Slack's address", check_url)
    named = None if options.secret_name is None else answers.take("--secret-name", options.secret_name, "its name", check_secret_name)
    answers.check()
    token = await _token(options, ports, answers, named or (None if stored is None else stored.secret_name))
    found = None
    if token is not None and not options.no_test:
        found = await account_of(token.text, http=ports.http(), base_url=base_url, now=ports.now)
        _check_is_the_same(found, app, account)
    if found is not None:
        account = found.id
    elif account is None:  # nobody said whose the account is, and nobody was asked
        account = answers.take("--account", None, "the workspace's id (T…), or the enterprise's (E…)", check_account)
        answers.check()
    known = known or await known_connection(SOURCE, account, tenant, ports)
    credential = None
    if token is not None:
        of_before = None if known is None or known.credential is None else known.credential.secret_name
        secret_name = named or of_before or f"{SOURCE}-{account}"
        credential = Credential(kind="bot-token", base_url=base_url, client_id=app, secret_name=secret_name)
    return Wanted(
        _connection(known, account, tenant, credential, ports),
        token.text if token is not None and token.is_new else None,
        kept_as="the bot token",
        handles=await _handles(app, account, found, ports),
        shown=_shown(app, found),
        is_tested=credential is not None and not options.no_test,
        further=(*_scopes_to_add(found), *_steps(app, options.app_url or "https://<the app>", ports, has_token=token is not None)),
    )


async def _handles(app: str, account: str, found: SlackAccount | None, ports: Ports) -> tuple[str, ...]:
    """The account's; and of an organization one of each workspace, for what Slack says of lost events names only the workspace. Not of
    one that another organization has had: it was moved, and the daily comparison finds what is lost there."""
    handles = [handle_of(app, account)]
    for handle in () if found is None else (handle_within(app, team) for team in found.team_ids):
        known = await ports.connections.find(handle)
        if known is None or known.id == connection_id(SOURCE, account):
            handles.append(handle)
    return tuple(handles)


def _connection(known: Connection | None, account: str, tenant: str, credential: Credential | None, ports: Ports) -> Connection:
    now = ports.now()
    before = known or Connection(
        id=connection_id(SOURCE, account),
        tenant_id=tenant,
        source=SOURCE,
        account=account,
        poll_seconds=EVERY_DAY,
        compare_seconds=EVERY_DAY,
        created_at=now,
    )
    is_read = credential is not None and before.paused_by != "operator"
    changes: dict[str, Any] = {"credential": credential, "next_due_at": now if is_read else None}
    if credential is None and before.paused_by == "app":  # for want of a token that it does not need any more
        changes |= {"status": "active", "paused_by": None, "paused_reason": None}
    return before.model_copy(update=changes)


async def _token(options: argparse.Namespace, ports: Ports, answers: Answers, secret_name: str | None) -> _Token | None:
    """The bot token; None, where there shall be none."""
    file = options.token_file
    if file is None and secret_name is None and not options.no_token:
        if not answers.can_ask:
            raise Misused("missing: --token-file, or --secret-name of a token that is stored, or --no-token")
        said = answers.take("--token-file", None, "the file of the bot token (nothing: go without one)", _check_file)
        file = Path(said) if said else None
    if file is not None:
        return _Token(bot_token_in(file), is_new=True)
    if options.no_token or secret_name is None:
        return None
    try:
        text = await ports.secrets().read(secret_name)
    except ConfigurationError as error:
        raise Refused(f"the secret {secret_name} cannot be read: put the bot token there, or give --token-file") from error
    return _Token(checked_token(text.get_secret_value(), f"the secret {secret_name}"), is_new=False)


def _check_file(text: str) -> str:
    try:
        if text:
            bot_token_in(Path(text))
    except Misused as error:
        raise ValueError(str(error)) from None
    return text


def _check_is_the_same(found: SlackAccount, app: str, account: str | None) -> None:
    if found.app_id is not None and found.app_id != app:
        raise Refused(f"the token is the app {found.app_id}'s, and not {app}'s: take the one of that app")
    if account is not None and found.id != account:
        raise Refused(f"the token opens {found.id}, and not {account}: take the one that was given there")


def _shown(app: str, found: SlackAccount | None) -> dict[str, Any]:
    if found is None:
        return {"app": app}
    workspaces = {"workspaces": list(found.workspaces)} if found.id.startswith("E") else {}
    return {"app": app, "name": found.name, **workspaces, "missingScopes": found.missing_scopes}


def _scopes_to_add(found: SlackAccount | None) -> tuple[str, ...]:
    missing = [] if found is None else found.missing_scopes
    if not missing:
        return ()
    named = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
    return (f"give the app the scopes it lacks, install it again, and run this again with the token it shows then: {named}",)


def _steps(app: str, app_url: str, ports: Ports, *, has_token: bool) -> tuple[str, ...]:
    """What lets Slack call us."""
    value = f"SLACK_SIGNING_SECRETS={app}=<signing secret>"
    settings = "az functionapp config appsettings set --resource-group <group> --name <app> --settings"
    if ports.keeper.takes:
        reference = f"SLACK_SIGNING_SECRETS=@Microsoft.KeyVault(VaultName=<vault>;SecretName={SIGNING_SECRETS})"
        secret = (
            f"let the app know its signing secret, if it does not yet: write {app}=<signing secret> into a file, then"
            f" az keyvault secret set --vault-name <vault> --name {SIGNING_SECRETS} --file FILE; and {settings} '{reference}'"
        )
    else:
        secret = f"let the app know its signing secret, if it does not yet: {settings} '{value}'"
    request_url = f"api.slack.com/apps → {app} → Event Subscriptions → Request URL: {app_url.rstrip('/')}{WEBHOOK}, until it says Verified"
    if not has_token:
        return secret, request_url, "nothing is polled: what Slack does not tell is never found. With --token-file it would be"
    invite = "invite its bot to the private channels that shall be found (/invite in each): others it does not see"
    return secret, request_url, invite
