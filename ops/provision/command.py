"""``provision``: plan, ask, apply, read again, and store the shard types."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.answers import check_url
from ops.asking import asked
from ops.ports import Ports
from ops.provision.places import places_of
from ops.provision.plan import Plan, Step, Wanted, apply, planned, wanted_of
from ops.provision.ports import ProvisionPorts
from ops.provision.resource_manager import PUBLIC, ResourceManager
from ops.refusals import Misused, Refused
from shared.errors import ConfigurationError, TransientError
from shared.shard_types.ensure import ensure_shard_types
from shared.shard_types.registry import SHARD_TYPES

YES: Final = ("", "y", "yes")
TRIES: Final = 6
"""Of seeing what was made, and of storing the shard types: a container that was just made takes some seconds to be seen."""
WORTH_A_WORD_SECONDS: Final = 1.0
"""Whoever waits so long wants to know for what."""
DATA_ROLE: Final = "Cosmos DB Built-in Data Contributor"


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Make what is missing, change what is not as the topology says, and delete nothing."""
    ask = asked if sys.stdin.isatty() and not options.json else None
    return await provision(options, ports.provision(), ask=ask)


async def provision(options: argparse.Namespace, ports: ProvisionPorts, *, ask: Callable[[str], str] | None) -> int:
    """The same with its ports; ``ask``: somebody at a terminal.

    Raises:
        Misused: a name is missing, or nobody can be asked and ``--yes`` is not said.
        Refused: something cannot be changed, or may not be, and why; what was done before that stays done.
        PipelineError: no token, or no answer.
    """
    places, manager = places_of(options, ports.settings), _manager(options, ports)
    wanted = wanted_of(places, ports.space)
    plan = await planned(wanted, manager)
    if not options.json:
        print(rendered(plan), end="\n\n")
    if plan.fixed:
        if options.json:
            show_json(plain(plan, is_applied=False))
        raise Refused("nothing was done: " + "; ".join(_in_words(step) for step in plan.fixed))
    if options.dry_run:
        if options.json:
            show_json(plain(plan, is_applied=False))
        return 0
    if plan.to_do and not options.yes:
        _confirm(plan, ask)
    for number, step in enumerate(plan.to_do, start=1):
        _progress(f"{number} of {len(plan.to_do)}: {step.action} the {step.wanted.kind.name} {step.wanted.name}")
        await apply(step, manager)
    if plan.to_do:
        await _check(wanted, manager, ports)
    written = await _shard_types(ports)
    if options.json:
        show_json({**plain(plan, is_applied=True), "shardTypes": written})
    else:
        print(f"all is as the topology says; shard types stored: {', '.join(written) or 'none, they were there'}")
    return 0


def plain(plan: Plan, *, is_applied: bool) -> dict[str, Any]:
    """For machines."""
    steps = [
        {"kind": step.wanted.kind.name, "name": step.wanted.name, "action": step.action, "differences": list(step.differences)}
        for step in plan.steps
    ]
    return {"applied": is_applied, "plan": steps, "leftAlone": [{"kind": kind, "name": name} for kind, name in plan.others]}


def rendered(plan: Plan) -> str:
    """For people."""
    rows = [(step.wanted.kind.name, step.wanted.name, step.action, ", ".join(step.differences)) for step in plan.steps]
    lines = [table(("kind", "name", "action", "what differs"), rows)]
    if plan.others:
        lines += ["", "there, in no topology, and left alone: " + ", ".join(f"{kind} {name}" for kind, name in plan.others)]
    return "\n".join(lines)


def _manager(options: argparse.Namespace, ports: ProvisionPorts) -> ResourceManager:
    try:
        url = check_url(options.arm_url)
    except ValueError as error:
        raise Misused(f"--arm-url: {error}") from None
    audience = url if url.startswith("https://") else PUBLIC  # plain HTTP is this machine's alone: a stand-in takes Azure's tokens

    async def wait(seconds: float) -> None:
        if seconds >= WORTH_A_WORD_SECONDS:
            _progress(f"waiting for Azure Resource Manager, {seconds:g} s …")
        await ports.wait(seconds)

    return ResourceManager(url, ports.http, lambda: ports.token(f"{audience}/.default"), wait)


def _in_words(step: Step) -> str:
    kind = step.wanted.kind
    return f"the {kind.name} {step.wanted.name} has another {', '.join(step.differences)}, which cannot be changed: {kind.remedy}"


def _confirm(plan: Plan, ask: Callable[[str], str] | None) -> None:
    if ask is None:
        raise Misused("there is nobody to ask: say --yes, or look with --dry-run")
    if ask(f"do this to {len(plan.to_do)}? (yes)").strip().lower() not in YES:
        raise Refused("nothing was done")


async def _check(wanted: Sequence[Wanted], manager: ResourceManager, ports: ProvisionPorts) -> None:
    """See that all is as it was asked for. What was accepted without a word of when it ends, or is listed late, has some seconds for it."""
    for _ in range(TRIES - 1):
        if not await _left(wanted, manager):
            return
        await ports.wait(5.0)
    if left := await _left(wanted, manager):
        raise Refused(f"not as it was asked for, though nothing was refused: {', '.join(left)}")


async def _left(wanted: Sequence[Wanted], manager: ResourceManager) -> list[str]:
    plan = await planned(wanted, manager)
    return [f"{step.wanted.kind.name} {step.wanted.name}" for step in plan.steps if step.action != "same"]


async def _shard_types(ports: ProvisionPorts) -> list[str]:
    for _ in range(TRIES - 1):
        try:
            return await ensure_shard_types(SHARD_TYPES, store=ports.shard_types)
        except (ConfigurationError, TransientError):  # the container is not seen yet, or a role is not; or the account does not answer
            await ports.wait(5.0)
    done = "all else is as the topology says, but the shard types are not stored"
    try:
        return await ensure_shard_types(SHARD_TYPES, store=ports.shard_types)
    except ConfigurationError as error:
        raise Refused(f"{done}: {error}; the role it takes: {DATA_ROLE}, on the account") from error
    except TransientError as error:
        raise Refused(f"{done}: {error}; can the account be reached from here? Run it again") from error


def _progress(text: str) -> None:
    print(text, file=sys.stderr)
