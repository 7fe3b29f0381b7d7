"""``scripts/deploy``, step by step. What a step finds out the later ones use; one that begins in the middle asks Azure again."""

import shlex
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from devtools.artefact import ReadingsDiffer, Target, kept_package
from devtools.artefact import Refused as NotBuilt
from ops.deployment import changes, commands, operator_settings, preflight, smoke, template
from ops.deployment.azure_cli import AzureCli, Run, without_secrets
from ops.deployment.options import STEPS
from ops.deployment.outputs import Outputs
from ops.deployment.preflight import Account, Wanted
from ops.deployment.steps import Step, tell
from ops.refusals import Refused

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = Path(".shardline")
"""Packages that were deployed, by what is in them, and the settings for operators. The scripts run in the checkout's root."""
PAUSE_SECONDS: Final = 5.0

Confirm = Callable[[str], None]
"""Asks; raises Refused where the answer is no."""


class Deployment:
    """One run of ``scripts/deploy``."""

    def __init__(
        self,
        wanted: Wanted,
        *,
        run: Run,
        ask: smoke.Ask,
        confirm: Confirm,
        artefact: Path | None = None,
        is_compiled: bool = True,
        patience: float = 0,
        kept: Path = KEPT,
    ) -> None:
        self._wanted, self._run, self._ask, self._confirm = wanted, run, ask, confirm
        self._given_artefact, self._is_compiled, self._patience, self._kept = artefact, is_compiled, patience, kept
        self._azure = AzureCli(run)
        self._has_consent = False

    def steps(self) -> list[Step]:
        """All of them."""
        does: dict[str, Callable[[], None]] = {
            "preflight": self._preflight,
            "providers": self._providers,
            "group": self._group,
            "what-if": self._what_if,
            "create": self._create,
            "artefact": self._build,
            "publish": self._publish,
            "provision": self._provision,
            "smoke": self._smoke,
        }
        return [Step(name, text, does[name]) for name, text in STEPS.items()]

    @cached_property
    def _account(self) -> Account:
        return preflight.account_of(self._azure, self._wanted)

    @cached_property
    def _place(self) -> tuple[str, bool]:
        """Where the group is or shall be, and whether it is there."""
        return preflight.location_of(self._azure, self._wanted)

    @cached_property
    def given(self) -> list[str]:
        """The parameters beside the file's."""
        return [*self._wanted.given, *preflight.operator_of(self._azure, self._wanted, self._account)]

    @cached_property
    def outputs(self) -> Outputs:
        """What the deployment made."""
        return Outputs.of(self._azure.ask(commands.deployed(self._wanted.group)))

    @cached_property
    def artefact(self) -> Path:
        """The package, built where it is not given: under a name that says what is in it."""
        if self._given_artefact is not None:
            return self._given_artefact
        python = template.value(self._wanted.parameters, self._wanted.given, "pythonVersion")
        try:
            found = kept_package(self._kept, Target(python, is_compiled=self._is_compiled))
        except (NotBuilt, ReadingsDiffer) as refused:
            raise Refused(str(refused)) from None
        tell(f"  {found.stat().st_size / 1e6:.1f} MB")
        return found

    @property
    def settings_file(self) -> Path:
        """What ``python -m ops --settings`` reads."""
        return self._kept / "deployments" / f"{self._wanted.group}.json"

    def _preflight(self) -> None:
        account, location, is_there = preflight.check(self._azure, self._wanted, self._run, tell)
        self.__dict__["_account"], self.__dict__["_place"] = account, (location, is_there)  # known now: it is not asked again

    def _providers(self) -> None:
        on = {one["namespace"] for one in self._azure.ask(commands.PROVIDERS) if one["registrationState"] == "Registered"}
        for provider in template.providers():
            if provider not in on:
                self._consent()
                self._azure.ask(commands.register(provider))
                tell(f"  {provider} is registered")

    def _group(self) -> None:
        location, is_there = self._place
        if not is_there:
            self._consent()
            self._azure.ask(commands.create_group(self._wanted.group, location))
            tell(f"  {self._wanted.group} in {location}")

    def _what_if(self) -> None:
        found = self._azure.ask(commands.what_if(self._wanted.group, self._wanted.parameters, self.given))
        for line in changes.lines(found):
            tell(f"  {line}")

    def _create(self) -> None:
        self._confirm(f"Deploy to {self._wanted.group} in {self._account.subscription_name}?")
        self._has_consent = True
        made = self._azure.ask(commands.create(self._wanted.group, self._wanted.parameters, self.given))
        self.__dict__["outputs"] = Outputs.of(made)

    def _build(self) -> None:
        tell(f"  {self.artefact}")

    def _publish(self) -> None:
        # The heavy app first: it only reads what the light one sends, and readers are lenient.
        self._consent()
        for app in (self.outputs.heavy_app_name, self.outputs.light_app_name):
            self._azure.ask(commands.publish(self._wanted.group, app, self.artefact))
            tell(f"  {app} has {self.artefact.name}")

    def _provision(self) -> None:
        self._consent()
        operator_settings.write(self.settings_file, self._azure.ask(commands.app_settings(self._wanted.group, self.outputs.light_app_name)))
        manager = self._azure.ask(commands.CLOUD)["endpoints"]["resourceManager"]
        words = provision(self._account.subscription, self._wanted.group, self.outputs, manager, self.settings_file)
        done = self._run([str(ROOT / words[0]), *words[1:]])
        if done.exit_code:
            lines = [line for line in (done.err or done.out).splitlines() if line.strip()]
            said = lines[-1] if lines else f"exit code {done.exit_code}"
            raise Refused(f"{shlex.join(words)}: {without_secrets(said)}")

    def _smoke(self) -> None:
        over = time.monotonic() + self._patience
        hosts = {"light": self.outputs.light_host_name, "heavy": self.outputs.heavy_host_name}
        smoke.look(
            hosts,
            ask=self._ask,
            tell=lambda text: tell(f"  {text}"),
            pause=lambda: time.sleep(PAUSE_SECONDS),
            is_over=lambda: time.monotonic() >= over,
        )

    def _consent(self) -> None:
        """Ask once before anything is changed."""
        if not self._has_consent:
            self._confirm(f"Change {self._account.subscription_name}, resource group {self._wanted.group}, as {self._account.user}?")
            self._has_consent = True


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
