"""What ``scripts/deploy --dry-run`` prints: every command by its step, as it would be typed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ops.deployment import commands, preflight, smoke, template
from ops.deployment.outputs import Outputs
from ops.deployment.preflight import Wanted

KEPT: Final = Path(".shardline")
"""Packages that were deployed, by what is in them, and for each group what an operator needs. The scripts run in the checkout's root."""


def provision(subscription: str, group: str, outputs: Outputs, manager: str, settings: Path) -> list[str]:
    """The operator's command that makes what the topology says."""
    where = ["--subscription", subscription, "--resource-group", group, "--arm-url", manager, "--settings", str(settings)]
    what = ["--service-bus", outputs.service_bus_namespace, "--storage-account", outputs.storage_account]
    database = ["--cosmos-account", outputs.cosmos_account, "--cosmos-database", outputs.cosmos_database]
    return [".venv/bin/python", "-m", "ops", "provision", *where, *what, *database, "--yes", "--json"]


def planned(wanted: Wanted, given: Sequence[str], artefact: Path | None, kept: Path = KEPT) -> dict[str, list[list[str]]]:
    """Every command by its step, for a fresh subscription. Names that only Azure will give stand in angle brackets."""
    group, location = wanted.group, wanted.location or "<location>"
    outputs, archive = Outputs.unknown(), artefact or kept / "artefacts" / "<package>.zip"
    looked_at: list[Any] = [commands.VERSION, commands.ACCOUNT, commands.group_exists(group), commands.BICEP]
    looked_at += [commands.DELETED_VAULTS, commands.DELETED_OPENAI]
    looked_at += [commands.LOCATIONS, commands.runtimes(location), commands.permissions("/subscriptions/<id>")]
    has_operator = bool(template.value(wanted.parameters, wanted.given, preflight.OPERATOR))
    given = given if has_operator else [*given, f"{preflight.OPERATOR}=<id>", "operatorPrincipalType=User"]
    apps = (outputs.heavy_app_name, outputs.light_app_name)
    settings = kept / "deployments" / f"{group}.json"
    azure: dict[str, list[Any]] = {
        "preflight": looked_at,
        "providers": [commands.PROVIDERS, *(commands.register(provider) for provider in template.providers())],
        "group": [commands.create_group(group, location)],
        "what-if": [*([] if has_operator else [commands.TOKEN]), commands.what_if(group, wanted.parameters, given)],
        "create": [commands.create(group, wanted.parameters, given)],
        "artefact": [],
        "publish": [commands.publish(group, app, archive) for app in apps],
        "provision": [commands.app_settings(group, outputs.light_app_name), commands.CLOUD],
        "smoke": [],
    }
    found = {step: [["az", *command] for command in of_step] for step, of_step in azure.items()}
    found["provision"].append(provision("<id>", group, outputs, "<resourceManager>", settings))
    hosts = {"light": outputs.light_host_name, "heavy": outputs.heavy_host_name}
    found["smoke"] = [["curl", "-X", one.method, f"https://{hosts[app]}{one.path}"] for app in hosts for one in smoke.expected(app)]
    return found
