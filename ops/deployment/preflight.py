"""What has to be so before anything is changed. All that is wrong is said at once."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from ops.deployment import commands, template
from ops.deployment.azure_cli import AzureCli, Run
from ops.deployment.tearing_down import kept_of
from ops.refusals import Refused

OLDEST: Final = (2, 60, 0)
"""The first that knows Flex Consumption (Microsoft, "Create and manage function apps in the Flex Consumption plan")."""
CHECKED: Final = (2, 91, 0)
"""The release whose parser our commands were checked with. What came when before it is not known here."""
OPERATOR: Final = "operatorPrincipalId"
NOBODY: Final = "00000000-0000-0000-0000-000000000000"
"""What the parameter files say of the application before somebody says which."""
ASSIGNING: Final = "Microsoft.Authorization/roleAssignments/write"


@dataclass(frozen=True)
class Account:
    """Whoever is signed in, where."""

    subscription: str
    subscription_name: str
    user: str
    is_person: bool


@dataclass(frozen=True)
class Wanted:
    """What shall be deployed, where."""

    group: str
    location: str | None
    subscription: str | None
    parameters: Path
    given: Sequence[str]


def account_of(azure: AzureCli, wanted: Wanted) -> Account:
    """Whoever is signed in. From here on every command names the subscription.

    Raises:
        Refused: nobody is, or in another subscription than was named.
    """
    said = azure.ask(commands.ACCOUNT)
    user = said.get("user") or {}
    found = Account(said["id"], said["name"], user.get("name", "?"), user.get("type") == "user")
    if wanted.subscription not in (None, found.subscription, found.subscription_name):
        raise Refused(
            f"signed in to subscription {found.subscription_name} ({found.subscription}), not to {wanted.subscription}: "
            f"az account set --subscription {wanted.subscription}"
        )
    azure.subscription = found.subscription
    return found


def location_of(azure: AzureCli, wanted: Wanted) -> tuple[str, bool]:
    """Where the group is or shall be, and whether it is there.

    Raises:
        Refused: it is elsewhere, or it is not there and nobody says where it shall be.
    """
    if not azure.ask(commands.group_exists(wanted.group)):
        if wanted.location is None:
            raise Refused(f"there is no resource group {wanted.group}: say --location where it shall be made")
        return wanted.location, False
    found = str(azure.ask(commands.group(wanted.group))["location"])
    if wanted.location is not None and _plain(wanted.location) != found:
        raise Refused(f"the resource group {wanted.group} is in {found}, not in {wanted.location}")
    return found, True


def check(azure: AzureCli, wanted: Wanted, run: Run, tell: Callable[[str], None]) -> tuple[Account, str, bool]:
    """See that all is so; changes nothing.

    Returns:
        Who is signed in, the location, and whether the group is there.

    Raises:
        Refused: naming all that is not so.
    """
    _check_version(azure, tell)
    account = account_of(azure, wanted)
    tell(f"  signed in as {account.user} to {account.subscription_name} ({account.subscription})")
    location, is_there = location_of(azure, wanted)
    scope = f"/subscriptions/{account.subscription}" + (f"/resourceGroups/{wanted.group}" if is_there else "")
    tell(f"  {azure.text(commands.BICEP)}")
    faults = [*_faults_of_parameters(wanted), *_faults_of_region(azure, wanted, location)]
    if not is_there:
        faults += _faults_of_an_earlier_group(azure, wanted.group)
    if not may_assign(azure.ask(commands.permissions(scope))):
        faults.append(
            f"{account.user} may not assign roles at {scope}: Owner, or Role Based Access Control Administrator beside Contributor"
        )
    if not account.is_person and not template.value(wanted.parameters, wanted.given, OPERATOR):
        # It would make itself the operator, and nobody else.
        faults.append(
            f"{wanted.parameters} does not say {OPERATOR}: a pipeline deploys for those who operate, and has to be told who they are"
        )
    if faults:
        raise Refused("; ".join(faults))
    tell(f"  {_state_of_the_tree(run)}")
    return account, location, is_there


def _check_version(azure: AzureCli, tell: Callable[[str], None]) -> None:
    said = str(azure.ask(commands.VERSION)["azure-cli"])
    numbers = tuple(int(number) for number in re.findall(r"\d+", said)[:3])
    if numbers < OLDEST:
        raise Refused(f"azure-cli {said} is too old: {'.'.join(map(str, OLDEST))} or later (az upgrade)")
    if numbers < CHECKED:
        tell(f"  azure-cli {said} is older than {'.'.join(map(str, CHECKED))}, and may lack an option (az upgrade)")


def refuse_another(deployment: Any, wanted: Wanted) -> None:
    """See that the deployment that is in the group, if any, is of the same environment.

    Names are made of both parameters: another value would put a second Shardline beside the first, or give one the other's package.

    Raises:
        Refused: it is of another.
    """
    said = ((deployment or {}).get("properties") or {}).get("parameters") or {}
    for name in ("environment", "namePrefix"):
        was, shall = (said.get(name) or {}).get("value"), template.value(wanted.parameters, wanted.given, name)
        if was and shall and was != shall:
            raise Refused(
                f"the resource group {wanted.group} holds a deployment with {name} {was!r}, and {wanted.parameters} says {shall!r}: "
                "another group, or another parameter file"
            )


def operator_of(azure: AzureCli, wanted: Wanted, account: Account) -> list[str]:
    """The parameters that let whoever deploys be an operator, where nobody is named: ``provision`` stores shard types with that right.

    Raises:
        Refused: the token does not say who it is of.
    """
    if template.value(wanted.parameters, wanted.given, OPERATOR):
        return []
    try:
        payload = str(azure.ask(commands.TOKEN)["accessToken"]).split(".")[1]
        who = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["oid"]
    except (LookupError, TypeError, ValueError):
        raise Refused(f"the token does not say who is signed in: say --parameter {OPERATOR}=<object id>") from None
    return [f"{OPERATOR}={who}", f"operatorPrincipalType={'User' if account.is_person else 'ServicePrincipal'}"]


def _faults_of_parameters(wanted: Wanted) -> list[str]:
    found = []
    audience, issuer = (template.value(wanted.parameters, wanted.given, name) for name in ("authAudience", "authIssuer"))
    if not issuer and (audience == NOBODY or re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", audience) is None):
        # Of tokens of version 2 "aud" is the application's id (Microsoft, "Access token claims reference"): every call would be refused.
        found.append(f"authAudience is {audience!r} and has to be the id of the application registered for the API")
    if missing := template.missing(wanted.parameters, wanted.given):
        found.append(f"{wanted.parameters} does not say {', '.join(missing)}")
    if unknown := template.unknown(wanted.parameters, wanted.given):
        found.append(f"there is no parameter {', '.join(unknown)}")
    return found


def _faults_of_an_earlier_group(azure: AzureCli, group: str) -> list[str]:
    # Names are made of the group's id, which is the same again: a vault of that name cannot be made while the deleted one is kept.
    kept = kept_of(azure, group)
    protected = [one for one in kept if one.protected_until is not None]
    if protected:
        return [
            f"Azure keeps {one.name} of an earlier group {group} until {one.protected_until}: another name for the group"
            for one in protected
        ]
    names = ", ".join(one.name for one in kept)
    return [f"Azure keeps {names} of an earlier group {group}: scripts/teardown --resource-group {group} --purge"] if kept else []


def _faults_of_region(azure: AzureCli, wanted: Wanted, location: str) -> list[str]:
    offered = [one["name"] for one in azure.ask(commands.LOCATIONS)]
    if _plain(location) not in offered:
        return [f"Flex Consumption is not offered in {location}, only in {', '.join(sorted(offered))}"]
    python = template.value(wanted.parameters, wanted.given, "pythonVersion")
    versions = {one["version"] for one in azure.ask(commands.runtimes(_plain(location)))}
    return [] if python in versions else [f"Python {python} is not offered in {location}, only {', '.join(sorted(versions))}"]


def _plain(location: str) -> str:
    """``West Europe`` is ``westeurope``."""
    return location.lower().replace(" ", "")


def may_assign(said: Any) -> bool:
    """Whether any of the permissions lets its owner assign roles: an action counts unless the same role takes it away."""

    def is_among(patterns: Sequence[str]) -> bool:
        return any(fnmatchcase(ASSIGNING.lower(), pattern.lower()) for pattern in patterns)

    return any(is_among(one.get("actions", [])) and not is_among(one.get("notActions", [])) for one in said["value"])


def _state_of_the_tree(run: Run) -> str:
    revision = run(["git", "-C", str(template.INFRA.parent), "rev-parse", "--short", "HEAD"])
    changed = run(["git", "-C", str(template.INFRA.parent), "status", "--porcelain"])
    if revision.exit_code or changed.exit_code:
        return "which version this is nobody knows: it is no git checkout"
    number = len(changed.out.splitlines())
    return f"version {revision.out.strip()}" + (f", with {number} files that differ from it" if number else "")
