"""Slack's signing secret and app-level token: settings that hold pairs of an app and its secret; two of an app while one is replaced.

The setting is a reference to a secret in Key Vault that holds all pairs. The command adds the new pair to it; that the app reads it now and
not within a day is a command of ``az``, which is shown. Without a Key Vault whoever deploys has to set the pairs themselves.
"""

import argparse
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from pydantic import SecretStr, ValidationError

from ingestion.sources.slack.answers import answer_from
from ops.adding_slack import SIGNING_SECRETS, WEBHOOK
from ops.answers import check_url
from ops.ports import Ports
from ops.refusals import Misused, Refused
from ops.rotation.done import Done
from shared.connections.connection import Connection, Credential
from shared.errors import ConfigurationError, DependencyUnavailable, PermanentError, StreamUnreadable
from shared.http.client import response_to
from shared.settings import SlackSettings

MOST_PAIRS: Final = 2
REFRESH: Final = (
    "az rest --method post --url 'https://management.azure.com/subscriptions/<subscription>/resourceGroups/<group>"
    "/providers/Microsoft.Web/sites/<light app>/config/configreferences/appsettings/refresh?api-version=2022-03-01'"
)
"""Azure documentation, "Use Key Vault references", rotation."""


@dataclass(frozen=True)
class Kind:
    """One of the two."""

    setting: str
    vault_name: str
    says: str
    form: re.Pattern[str]
    is_last_used: bool
    """Of several the last one is used; else each is accepted."""


KINDS: Final[Mapping[str, Kind]] = {
    "signing_secret_file": Kind(
        "SLACK_SIGNING_SECRETS", SIGNING_SECRETS, "a signing secret", re.compile(r"[0-9a-zA-Z]{16,128}"), is_last_used=False
    ),
    "app_token_file": Kind(
        "SLACK_APP_TOKENS", "slack-app-tokens", "an app-level token", re.compile(r"xapp-[0-9A-Za-z-]{10,500}"), is_last_used=True
    ),
}


async def add(options: argparse.Namespace, connection: Connection, ports: Ports, confirm: Callable[[str], None]) -> Done:
    """Put the new pair beside the old one; where it is there already, see whether the app accepts it.

    Raises:
        Misused: the file holds no such secret.
        Refused: Slack does not accept it, or two are there already: nothing was changed.
        PipelineError: the vault or the app does not answer.
    """
    name, kind, credential = _kind(options, connection)
    new = _secret_in(getattr(options, name), kind)
    if kind.is_last_used:
        await _check_token(new, credential, ports)
    if not ports.keeper.takes:
        return Done("it is stored nowhere yet", _by_hand(kind, credential.client_id, connection))
    pairs = await _stored(kind, ports)
    own = pairs.get(credential.client_id, ())
    again = f"python -m ops connections rotate {connection.id} --{name.replace('_', '-')} FILE"
    steps = (*_taken_up(kind), f"to see that both are accepted: {again} --app-url URL", f"at last: {again} --finish")
    if new in own:
        return await _looked_at(options, kind, credential.client_id, own, ports)
    if len(own) >= MOST_PAIRS:
        raise Refused(f"{credential.client_id} has {len(own)} already: take the old one away with --finish first")
    if options.dry_run:
        return Done(f"would be added beside {len(own)} of {credential.client_id}", steps)
    confirm(f"add it beside {len(own)} of {credential.client_id} in {ports.keeper.tells(kind.vault_name)}?")
    await _check_unchanged(kind, pairs, ports)
    await ports.keeper.keep(kind.vault_name, _text({**pairs, credential.client_id: (*own, new)}))
    return Done(f"it is in {ports.keeper.tells(kind.vault_name)}, beside {len(own)} of {credential.client_id}", steps, is_stored=True)


async def finish(options: argparse.Namespace, connection: Connection, ports: Ports, confirm: Callable[[str], None]) -> Done:
    """Take all of the app's secrets away but the newest, once it is known to be accepted.

    Raises:
        Refused: there is one, or the newest is not accepted, or nobody can tell, and ``--yes`` is not said: nothing was changed.
        PipelineError: the vault or the app does not answer.
    """
    if connection.source != "slack":
        raise Misused("only Slack has these")
    name, kind, credential = _kind(options, connection)
    if not ports.keeper.takes:
        raise Refused(f"without a Key Vault {kind.setting} is the deployment's: set it to the new pair alone")
    pairs = await _stored(kind, ports)
    own = pairs.get(credential.client_id, ())
    file = getattr(options, name)
    if file is not None and own[-1:] != (_secret_in(file, kind),):
        raise Refused(f"{file} is not the newest of {credential.client_id}, which is the one that would be kept: nothing was changed")
    if len(own) < MOST_PAIRS:
        raise Refused(f"{credential.client_id} has {len(own)}: there is nothing to take away")
    if kind.is_last_used:
        await _check_token(own[-1], credential, ports)
    elif options.app_url is not None:
        if not await _accepts(options.app_url, credential.client_id, own[-1], ports):
            raise Refused("the app does not accept the new one yet, and nothing was changed: " + "; ".join(_taken_up(kind)))
    elif not options.yes:
        raise Refused("say --app-url, so that the app can be asked whether it accepts the new one, or --yes")
    if options.dry_run:
        return Done(f"would be taken away: {len(own) - 1} of {credential.client_id}")
    confirm(f"take {len(own) - 1} of {credential.client_id} away?")
    await _check_unchanged(kind, pairs, ports)
    await ports.keeper.keep(kind.vault_name, _text({**pairs, credential.client_id: own[-1:]}))
    return Done(f"taken away: {len(own) - 1} of {credential.client_id}", _taken_up(kind), is_stored=True)


def _kind(options: argparse.Namespace, connection: Connection) -> tuple[str, Kind, Credential]:
    name = next((name for name in KINDS if getattr(options, name) is not None), "signing_secret_file")
    if connection.credential is None:
        raise Refused(f"{connection.id} has no credential, which names its app: set {KINDS[name].setting} by hand (docs/sources/slack.md)")
    return name, KINDS[name], connection.credential


async def _looked_at(options: argparse.Namespace, kind: Kind, app: str, own: tuple[str, ...], ports: Ports) -> Done:
    """What comes of naming one that is there already."""
    if kind.is_last_used:
        return Done("it is there already, and Slack accepts it", _taken_up(kind))
    if options.app_url is None:
        return Done("it is there already; with --app-url the app is asked whether it accepts it", _taken_up(kind))
    accepted = [await _accepts(options.app_url, app, secret, ports) for secret in own]
    shown = {"accepted": [f"{place}: {'yes' if is_accepted else 'NO'}" for place, is_accepted in zip(_places(own), accepted, strict=True)]}
    if all(accepted):
        return Done("the app accepts each of them", (f"python -m ops connections rotate {options.id} --finish --app-url URL",), shown)
    return Done("the app does not accept all of them yet", _taken_up(kind), shown, is_well=False)


def _places(own: tuple[str, ...]) -> list[str]:
    return [*["old"] * (len(own) - 1), "new"]


async def _accepts(app_url: str, app: str, secret: str, ports: Ports) -> bool:
    """Whether the app answers Slack's own challenge, signed with this secret."""
    try:
        url = f"{check_url(app_url)}{WEBHOOK}"
    except ValueError as error:
        raise Misused(f"--app-url: {error}") from None
    challenge = secrets.token_urlsafe(16)
    body = json.dumps({"type": "url_verification", "token": "-", "challenge": challenge, "api_app_id": app}).encode()
    moment = str(int(ports.now().timestamp()))
    signature = "v0=" + hmac.digest(secret.encode(), b"v0:%b:%b" % (moment.encode(), body), "sha256").hex()
    headers = {"content-type": "application/json", "x-slack-request-timestamp": moment, "x-slack-signature": signature}
    http = ports.http()
    answer = await response_to(http, http.build_request("POST", url, content=body, headers=headers), what="ask the app")
    if answer.status_code not in {200, 401}:
        raise DependencyUnavailable(f"ask the app: answered {answer.status_code}")
    return answer.status_code == 200 and challenge in answer.text  # noqa: PLR2004 - accepted


async def _check_token(token: str, credential: Credential, ports: Ports) -> None:
    http, since = ports.http(), ports.now()
    headers = {"authorization": f"Bearer {token}"}
    request: httpx2.Request = http.build_request("POST", f"{credential.base_url.rstrip('/')}/api/auth.test", headers=headers)
    try:
        answer_from(await response_to(http, request, what="Slack auth.test"), what="Slack auth.test", since=since, now=ports.now())
    except (ConfigurationError, PermanentError, StreamUnreadable) as error:
        raise Refused(f"Slack does not accept it, and nothing was changed: {error}") from error


async def _stored(kind: Kind, ports: Ports) -> dict[str, tuple[str, ...]]:
    try:
        text = await ports.secrets().read(kind.vault_name, anew=True)
    except ConfigurationError as error:
        raise Refused(
            f"the pairs cannot be read ({error}): put those of {kind.setting} there first (docs/sources/slack.md, step 3)"
        ) from error
    try:
        return dict(SlackSettings(signing_secrets=text).secrets_of_apps)
    except ValidationError:
        raise Refused(f"{ports.keeper.tells(kind.vault_name)} holds no pairs of an app and a secret") from None


async def _check_unchanged(kind: Kind, before: Mapping[str, tuple[str, ...]], ports: Ports) -> None:
    """All apps' pairs are one secret, and somebody may have thought for long: what was written meanwhile must not be written over."""
    if await _stored(kind, ports) != before:
        raise Refused("somebody else has changed the pairs meanwhile, and nothing was changed: run it again")


def _text(pairs: Mapping[str, tuple[str, ...]]) -> SecretStr:
    return SecretStr(",".join(f"{app}={secret}" for app, own in pairs.items() for secret in own))


def _secret_in(file: Path, kind: Kind) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file}: cannot be read ({type(error).__name__})") from None
    if not kind.form.fullmatch(text):
        raise Misused(f"{file}: not {kind.says}")
    return text


def _taken_up(kind: Kind) -> tuple[str, ...]:
    return (f"let the app read {kind.setting} now, and not within a day: {REFRESH}",)


def _by_hand(kind: Kind, app: str, connection: Connection) -> tuple[str, ...]:
    settings = "az functionapp config appsettings set --resource-group <group> --name <light app> --settings"
    others = "<the pairs of all other apps, as they are>"
    return (
        f"{settings} '{kind.setting}={others},{app}=<old>,{app}=<new>'",
        f"when the new one is accepted: {settings} '{kind.setting}={others},{app}=<new>'",
        f"python -m ops connections test {connection.id}",
    )
