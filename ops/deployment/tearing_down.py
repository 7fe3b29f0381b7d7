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
OURS: Final = ("application", "shardline")
"""The tag of every resource of infra/main.bicep, and of a group that scripts/deploy made."""
_OF_AZURE: Final = ("microsoft.alertsmanagement/smartdetectoralertrules", "application insights smart detection")
"""A type and a name that Azure puts beside every Application Insights, untagged."""


@dataclass(frozen=True)
class Holding:
    """What a group holds."""

    group: str
    is_there: bool
    """Or it is gone already, and only what Azure keeps of it is left."""
    resources: Sequence[Any] = ()
    outside: Sequence[Any] = ()
    """Rights of the group's identities elsewhere: the group's end does not take them away."""

    @property
    def others(self) -> list[Any]:
        """What is not of Shardline."""
        return [one for one in self.resources if not _is_ours(one) and not {one["type"].lower(), one["name"].lower()} & {*_OF_AZURE}]


@dataclass(frozen=True)
class Kept:
    """What Azure keeps of a deleted group for a while."""

    kind: str
    name: str
    location: str
    protected_until: str | None
    """None: it can be purged."""


def _is_ours(one: Any) -> bool:
    return ((one.get("tags") or {}).get(OURS[0])) == OURS[1]


def holding_of(azure: AzureCli, group: str) -> Holding:
    """Look; changes nothing.

    Raises:
        Refused: nothing in the group is of Shardline.
    """
    if not azure.ask(commands.group_exists(group)):
        return Holding(group, is_there=False)
    resources = sorted(azure.ask(commands.resources(group)), key=lambda one: (str(one["type"]), str(one["name"])))
    if not any(_is_ours(one) for one in [*resources, azure.ask(commands.group(group))]):
        tag = "=".join(OURS)
        raise Refused(f"nothing in the resource group {group} is of Shardline: neither it nor any of what it holds has the tag {tag}")
    principals = [identity["principalId"] for identity in azure.ask(commands.identities(group))]
    assigned = [one for principal in principals for one in azure.ask(commands.role_assignments(principal))]
    outside = [one for one in assigned if f"/resourcegroups/{group.lower()}/" not in f"{one['scope'].lower()}/"]
    return Holding(group, is_there=True, resources=resources, outside=outside)


def show(holding: Holding, kept: Sequence[Kept]) -> None:
    """What would go, and what would stay."""
    if not holding.is_there:
        tell(f"teardown: {holding.group} is gone, and Azure keeps {', '.join(one.name for one in kept)} of it")
        return
    tell(f"teardown: the resource group {holding.group} holds {len(holding.resources)} resources:")
    for one in holding.resources:
        tell(f"  {one['type']}  {one['name']}{'  NOT OF SHARDLINE, and will be gone too' if one in holding.others else ''}")
    for one in holding.outside:
        tell(f"  stays: {one['roleDefinitionName']} at {one['scope']}; take it away: az role assignment delete --ids {one['id']}")


def delete(azure: AzureCli, holding: Holding) -> None:
    """Take the group away, and wait.

    Raises:
        Refused: Azure does.
    """
    azure.ask(commands.delete_group(holding.group))
    tell(f"teardown: {holding.group} is gone")


def kept_of(azure: AzureCli, group: str) -> list[Kept]:
    """The vaults and Azure OpenAI accounts that were in this group and are deleted. What else has their names is not looked at."""
    found = []
    for kind, listed in ((VAULT, commands.DELETED_VAULTS), (OPENAI, commands.DELETED_OPENAI)):
        for one in azure.ask(listed):
            properties = one.get("properties") or {}
            if f"/resourcegroups/{group.lower()}/" in str(properties.get("vaultId") or one.get("id")).lower():
                until = str(properties.get("scheduledPurgeDate", "its time is over")) if properties.get("purgeProtectionEnabled") else None
                found.append(Kept(kind, str(one["name"]), str(one.get("location") or properties.get("location")), until))
    return found


def purge(azure: AzureCli, group: str, kept: Sequence[Kept]) -> list[str]:
    """Take away for good what Azure keeps after it was deleted. What cannot be stays until its time is over.

    Returns:
        The names of what was purged.

    Raises:
        Refused: Azure does.
    """
    purged = []
    for one in kept:
        if one.protected_until is not None:
            tell(f"teardown: {one.name} is protected from being purged, and stays until {one.protected_until}")
            continue
        azure.ask(_purge_of(one, group))
        tell(f"teardown: {one.name} is purged")
        purged.append(one.name)
    return purged


def tell_what_stays(kept: Sequence[Kept]) -> None:
    """What is in the way of another deployment to a group of this name."""
    if kept:
        names = ", ".join(one.name for one in kept)
        tell(f"teardown: Azure keeps {names} for a while; until it is purged nothing can be deployed to a group of this name")


def _purge_of(one: Kept, group: str) -> Command:
    return commands.purge_vault(one.name, one.location) if one.kind == VAULT else commands.purge_openai(one.name, group, one.location)


def planned(group: str, *, is_purged: bool) -> list[str]:
    """Every command, as it would be typed."""
    found = [commands.ACCOUNT, commands.group_exists(group), commands.resources(group), commands.group(group), commands.identities(group)]
    found += [commands.role_assignments("<principalId>"), commands.delete_group(group)]
    if is_purged:
        found += [commands.DELETED_VAULTS, commands.purge_vault("<keyVaultName>", "<location>")]
        found += [commands.DELETED_OPENAI, commands.purge_openai("<account>", group, "<location>")]
    return [shown(command) for command in found]
