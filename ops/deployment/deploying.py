"""``scripts/deploy``, step by step. What a step finds out the later ones use; one that begins in the middle asks Azure again."""

import shlex
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from devtools.artefact import ReadingsDiffer, Target, kept_package
from devtools.artefact import Refused as NotBuilt
from ops.deployment import changes, commands, operator_settings, package, preflight, published, smoke, template
from ops.deployment.azure_cli import AzureCli, Run, without_secrets
from ops.deployment.options import STEPS
from ops.deployment.outputs import Outputs
from ops.deployment.patience import Patience, until_known
from ops.deployment.planning import KEPT, provision
from ops.deployment.preflight import Account, Wanted
from ops.deployment.steps import Step, tell
from ops.refusals import Refused

ROOT: Final = Path(__file__).parents[2]
GIVEN_BUT_DEAD: Final = ("appears to be unhealthy", "Failed to fetch host")
"""How the Azure CLI ends a publication after half a minute in which the host did not start: the package is there (2.91.0,
``check_flex_app_after_deployment``)."""

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
    def _former(self) -> Any:
        """The deployment that is there, or None.

        Raises:
            Refused: it is of another environment.
        """
        _ = self._account  # whoever says --subscription is asked to the end
        found = self._azure.find(commands.deployed(self._wanted.group))
        preflight.refuse_another(found, self._wanted)
        return found

    @cached_property
    def outputs(self) -> Outputs:
        """What the deployment made."""
        return Outputs.of(self._former)

    @cached_property
    def artefact(self) -> Path:
        """The package, built where it is not given: under a name that says what is in it.

        Raises:
            Refused: it cannot be built, or what is given is no package for the deployed Python.
        """
        python = template.value(self._wanted.parameters, self._wanted.given, "pythonVersion")
        if self._given_artefact is not None:
            package.check(self._given_artefact, python)
            return self._given_artefact
        kept = published.kept_for_later(self._kept / "deployments")
        try:
            found = kept_package(self._kept, Target(python, is_compiled=self._is_compiled), published=kept)
        except (NotBuilt, ReadingsDiffer) as refused:
            raise Refused(str(refused)) from None
        tell(f"  {found.stat().st_size / 1e6:.1f} MB")
        return found

    @property
    def settings_file(self) -> Path:
        """What ``python -m ops --settings`` reads."""
        return self._kept / "deployments" / f"{self._wanted.group}.json"

    def _preflight(self) -> None:
        if self._given_artefact is not None:
            _ = self.artefact  # a wrong one is found before a quarter of an hour has gone by
        account, location, is_there = preflight.check(self._azure, self._wanted, self._run, tell)
        self.__dict__["_account"], self.__dict__["_place"] = account, (location, is_there)  # known now: it is not asked again
        if not is_there:
            self.__dict__["_former"] = None
        _ = self._former

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
        _ = self._former
        found = self._azure.ask(commands.what_if(self._wanted.group, self._wanted.parameters, self.given))
        for line in changes.lines(found):
            tell(f"  {line}")

    def _create(self) -> None:
        _ = self._former
        self._confirm(f"Deploy to {self._wanted.group} in {self._account.subscription_name}?")
        self._has_consent = True
        made = self._azure.ask(commands.create(self._wanted.group, self._wanted.parameters, self.given))
        self.__dict__["outputs"] = Outputs.of(made)

    def _build(self) -> None:
        tell(f"  {self.artefact}")

    def _publish(self) -> None:
        # The heavy app first: it only reads what the light one sends, and readers are lenient.
        self._consent()
        outputs, archive = self.outputs, self.artefact
        apps = {"heavy": outputs.heavy_app_name, "light": outputs.light_app_name}
        for consumer, host in (("heavy", outputs.heavy_host_name), ("light", outputs.light_host_name)):
            self._patiently(partial(self._give, apps[consumer], consumer, host, archive))
            tell(f"  {apps[consumer]} has {archive.name}")
        published.remember(self.settings_file.with_suffix(".published"), archive.name)

    def _give(self, app: str, consumer: str, host: str, archive: Path) -> None:
        try:
            self._azure.ask(commands.publish(self._wanted.group, app, archive))
        except Refused as refused:
            if not any(said in str(refused) for said in GIVEN_BUT_DEAD):
                raise
            tell(f"  {app} has its package and does not answer yet: its roles may be young")
            smoke.wait_for(consumer, host, smoke.ALIVE, ask=self._ask, patience=Patience.of(self._patience))

    def _provision(self) -> None:
        self._consent()
        operator_settings.write(self.settings_file, self._azure.ask(commands.app_settings(self._wanted.group, self.outputs.light_app_name)))
        manager = self._azure.ask(commands.CLOUD)["endpoints"]["resourceManager"]
        words = provision(self._account.subscription, self._wanted.group, self.outputs, manager, self.settings_file)
        self._patiently(lambda: self._run_ours(words))

    def _run_ours(self, words: list[str]) -> None:
        done = self._run([str(ROOT / words[0]), *words[1:]])
        if done.exit_code:
            lines = [line for line in (done.err or done.out).splitlines() if line.strip()]
            said = lines[-1] if lines else f"exit code {done.exit_code}"
            raise Refused(f"{shlex.join(words)}: {without_secrets(said)}")

    def _smoke(self) -> None:
        hosts = {"light": self.outputs.light_host_name, "heavy": self.outputs.heavy_host_name}
        smoke.look(hosts, ask=self._ask, tell=lambda text: tell(f"  {text}"), patience=Patience.of(self._patience))

    def _patiently(self, act: Callable[[], None]) -> None:
        until_known(act, patience=Patience.of(self._patience), tell=lambda text: tell(f"  {text}"))

    def _consent(self) -> None:
        """Ask once before anything is changed."""
        if not self._has_consent:
            self._confirm(f"Change {self._account.subscription_name}, resource group {self._wanted.group}, as {self._account.user}?")
            self._has_consent = True
