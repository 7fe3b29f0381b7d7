"""``scripts/teardown``: shows what goes, asks for the group's name, deletes the group, and looks for what Azure would keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.deployment import commands
from ops.deployment.azure_cli import AzureCli, Command, shown
from ops.deployment.steps import tell
from ops.refusals import Refused

VAULT: Final = "microsoft.keyvault/vaults"
OPENAI: Final = "microsoft.cognitiveservices/accounts"


@dataclass(frozen=True)
class Holding:
    """What a group holds."""

    group: str
    resources: Sequence[Any]
    outside: Sequence[Any]
    """Rights of the group's identities elsewhere: the group's end does not take them away."""


def holding_of(azure: AzureCli, group: str) -> Holding:
    """Look; changes nothing.

    Raises:
        Refused: there is no such group.
    """
    if not azure.ask(commands.group_exists(group)):
        raise Refused(f"there is no resource group {group}")
    resources = sorted(azure.ask(commands.resources(group)), key=lambda one: (str(one["type"]), str(one["name"])))
    principals = [identity["principalId"] for identity in azure.ask(commands.identities(group))]
    assigned = [one for principal in principals for one in azure.ask(commands.role_assignments(principal))]
    outside = [one for one in assigned if f"/resourcegroups/{group.lower()}/" not in f"{one['scope'].lower()}/"]
    return Holding(group, resources, outside)


def show(holding: Holding) -> None:
    """What would go, and what would stay."""
    tell(f"teardown: the resource group {holding.group} holds {len(holding.resources)} resources:")
    for one in holding.resources:
        tell(f"  {one['type']}  {one['name']}")
    for one in holding.outside:
        tell(f"  stays: {one['roleDefinitionName']} at {one['scope']}; take it away: az role assignment delete --ids {one['id']}")


def delete(azure: AzureCli, holding: Holding) -> None:
    """Take the group away, and wait.

    Raises:
        Refused: Azure does.
    """
    azure.ask(commands.delete_group(holding.group))
    tell(f"teardown: {holding.group} is gone")


def purge(azure: AzureCli, holding: Holding) -> list[str]:
    """Take away for good what Azure keeps after it was deleted, and what cannot be: that stays until its time is over.

    Returns:
        The names of what was purged.

    Raises:
        Refused: Azure does.
    """
    purged = []
    for kind, listed in ((VAULT, commands.DELETED_VAULTS), (OPENAI, commands.DELETED_OPENAI)):
        names = {one["name"] for one in holding.resources if one["type"].lower() == kind}
        for one in azure.ask(listed) if names else []:
            if one["name"] not in names:
                continue
            properties = one.get("properties") or {}
            if properties.get("purgeProtectionEnabled"):
                until = properties.get("scheduledPurgeDate", "its time is over")
                tell(f"teardown: {one['name']} is protected from being purged, and stays until {until}")
                continue
            location = str(one.get("location") or properties.get("location"))
            azure.ask(_purge_of(kind, one["name"], holding.group, location))
            tell(f"teardown: {one['name']} is purged")
            purged.append(str(one["name"]))
    return purged


def _purge_of(kind: str, name: str, group: str, location: str) -> Command:
    return commands.purge_vault(name, location) if kind == VAULT else commands.purge_openai(name, group, location)


def planned(group: str, *, is_purged: bool) -> list[str]:
    """Every command, as it would be typed."""
    found = [commands.ACCOUNT, commands.group_exists(group), commands.resources(group), commands.identities(group)]
    found += [commands.role_assignments("<principalId>"), commands.delete_group(group)]
    if is_purged:
        found += [commands.DELETED_VAULTS, commands.purge_vault("<keyVaultName>", "<location>")]
        found += [commands.DELETED_OPENAI, commands.purge_openai("<account>", group, "<location>")]
    return [shown(command) for command in found]
