"""``python -m ops.deployment deploy | teardown``, which ``scripts/deploy`` and ``scripts/teardown`` call.

Exit codes: 0 when all went well, 1 when a step failed, 2 when the command line is wrong, 130 after Ctrl-C.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

from devtools.local.output import failed, show_json
from ops.deployment import deploying, planning, preflight, smoke, tearing_down
from ops.deployment.azure_cli import AzureCli, Run, run
from ops.deployment.deploying import Confirm, Deployment
from ops.deployment.options import parsed
from ops.deployment.preflight import Wanted
from ops.deployment.steps import StepFailed, carry_out, tell
from ops.refusals import Misused, Refused

INTERRUPTED: Final = 130
MISUSED: Final = 2

Answered = Callable[[str], str]
"""Asks somebody at the terminal."""


def answered(question: str) -> str:
    """What somebody at the terminal says.

    Raises:
        Misused: there is nobody.
    """
    if not sys.stdin.isatty():
        raise Misused("there is nobody to ask: say --yes")
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def main(arguments: Sequence[str], *, run: Run = run, ask: smoke.Ask = smoke.ask, answered: Answered = answered) -> int:
    """Carry out the command, and return the exit code."""
    options = parsed(arguments)
    try:
        return _deploy(options, run, ask, answered) if options.verb == "deploy" else _tear_down(options, run, answered)
    except Misused as misused:
        failed(str(misused), who=options.verb)
        return MISUSED
    except Refused as refused:
        if options.json:
            step = refused.step if isinstance(refused, StepFailed) else None
            show_json({"status": "failed", "step": step, "reason": str(refused)})
        return failed(str(refused), who=options.verb)
    except KeyboardInterrupt:
        tell(f"{options.verb}: interrupted; what Azure has begun it goes on with: wait for its end before you try again")
        if options.json:
            show_json({"status": "interrupted"})
        return INTERRUPTED


def _deploy(options: argparse.Namespace, run: Run, ask: smoke.Ask, answered: Answered) -> int:
    wanted = Wanted(options.resource_group, options.location, options.subscription, options.parameters, options.parameter)
    if options.dry_run:
        for step, words in planning.planned(wanted, options.parameter, options.artefact).items():
            for one in words:
                print(f"{step}: {shlex.join(one)}")
        return 0
    deployment = Deployment(
        wanted,
        run=run,
        ask=ask,
        confirm=_confirming(answered, has_consent=options.yes),
        artefact=options.artefact,
        is_compiled=not options.without_byte_code,
        patience=options.patience,
    )
    try:
        took = carry_out(deployment.steps(), who="deploy", first=options.first, last=options.last)
    except StepFailed as stopped:
        tell(f"deploy: go on by the same command with --from {stopped.step}")
        raise
    _tell_the_end(deployment, options, [asdict(one) for one in took])
    return 0


def _tell_the_end(deployment: Deployment, options: argparse.Namespace, took: list[dict[str, object]]) -> None:
    is_whole = options.last in (None, "smoke")
    if options.json:
        outputs = asdict(deployment.outputs) if is_whole else {}
        show_json({"status": "done", "steps": took, "outputs": outputs, "settings": str(deployment.settings_file)})
    elif is_whole:
        host, settings = deployment.outputs.light_host_name, deployment.settings_file
        print(
            f"Shardline runs. Its API: https://{host}/api/v1/  Its webhooks: https://{host}/api/webhooks/salesforce/<key> and "
            f"https://{host}/api/webhooks/slack\nAfter an update, bring what is stored to what the code says:\n"
            f"  .venv/bin/python -m ops migrate --settings {settings}\nNow connect something, each as docs/sources/ says:\n"
            f"  .venv/bin/python -m ops connections add salesforce --settings {settings} --app-url https://{host}"
        )


def _tear_down(options: argparse.Namespace, run: Run, answered: Answered) -> int:
    group: str = options.resource_group
    if options.dry_run:
        print("\n".join(tearing_down.planned(group, is_purged=options.purge)))
        return 0
    if options.yes not in (None, group):
        raise Misused(f"--yes says {options.yes}, and --resource-group {group}")
    azure = AzureCli(run)
    account = preflight.account_of(azure, Wanted(group, None, options.subscription, deploying.ROOT, ()))
    holding = tearing_down.holding_of(azure, group)
    tell(f"teardown: in {account.subscription_name} ({account.subscription}), as {account.user}")
    kept = [] if holding.is_there else tearing_down.kept_of(azure, group)
    if not holding.is_there and not (kept and options.purge):
        left = f"; Azure keeps {', '.join(one.name for one in kept)} of it: --purge" if kept else ""
        raise Refused(f"there is no resource group {group}{left}")
    tearing_down.show(holding, kept)
    if options.yes is None and answered(f"All of it will be gone, and its data with it. Type the group's name ({group})") != group:
        raise Refused("nothing was done: that was not its name")
    if holding.is_there:
        tearing_down.delete(azure, holding)
        kept = tearing_down.kept_of(azure, group)
    purged = tearing_down.purge(azure, group, kept) if options.purge else []
    tearing_down.tell_what_stays([one for one in kept if one.name not in purged])
    if options.json:
        gone = [one["id"] for one in holding.resources]
        show_json({"status": "done", "deleted": gone, "purged": purged, "outside": [one["id"] for one in holding.outside]})
    return 0


def _confirming(answered: Answered, *, has_consent: bool) -> Confirm:
    def confirm(question: str) -> None:
        if not has_consent and answered(f"{question} (yes)").lower() not in ("y", "yes"):
            raise Refused("nothing more was done: the answer was not yes")

    return confirm


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
