"""``tenant``: all of a tenant's data, exported or erased."""

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.answers import check_text
from ops.asking import asked
from ops.ports import Ports
from ops.refusals import Misused, Refused
from ops.tenants.erasing import Erasing
from ops.tenants.exporting import MANIFEST, Exporting
from ops.tenants.looking import look
from ops.tenants.ports import TenantPorts
from ops.tenants.report import VERSION, Report, counted
from ops.tenants.showing import shown


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Carry out one of the verbs."""
    try:
        if check_text(options.tenant) != options.tenant:
            raise Misused("--tenant: it begins or ends with white space")
    except ValueError as error:
        raise Misused(f"--tenant: {error}") from None
    async with ports.tenants() as tenants:
        if options.verb == "export":
            return await _export(options, tenants)
        return await _erase(options, tenants)


async def _export(options: argparse.Namespace, ports: TenantPorts) -> int:
    with shown("export") as progress:
        manifest = await Exporting(options.tenant, options.to, ports, progress).export()
    if options.json:
        show_json(manifest)
    else:
        print(table(("place", "exported"), list(manifest["counts"].items())), end="\n\n")
        for place, numbers in manifest["differs"].items():
            print(f"{place}: {numbers['stored']:,} are stored and {numbers['exported']:,} were exported: it changes while it is read")
        print(f"{options.to / MANIFEST}: {sum(manifest['counts'].values()):,} in {len(manifest['files']):,} files; {manifest['secrets']}")
    return 0 if manifest["isVerified"] else 1


async def _erase(options: argparse.Namespace, ports: TenantPorts) -> int:
    if options.dry_run:
        found = await look(options.tenant, ports)
        show_json({"tenantId": options.tenant, "found": dict(found.counts)}) if options.json else print(counted(found))
        return 0
    earlier = _earlier_runs(options)
    _confirm(options, ports)
    with shown("erase") as progress:
        report = await Erasing(
            options.tenant,
            ports,
            progress,
            purges=options.purge_secrets,
            patience=timedelta(minutes=options.patience),
            on_look=lambda report: _keep(report, earlier, options),
        ).erase()
    _keep(report, earlier, options)
    show_json(_plain(report, earlier)) if options.json else print(report.rendered())
    return 0 if report.is_complete else 1


def _confirm(options: argparse.Namespace, ports: TenantPorts) -> None:
    """See that whoever asks means it.

    Raises:
        Refused: they did not say the tenant's id again.
    """
    said = options.yes
    if said is None:
        if not sys.stdin.isatty() or options.json:
            raise Refused(f"all of {options.tenant} would be gone for good: say --yes {options.tenant}, or --dry-run to see what")
        where = ", ".join(dict.fromkeys(ports.stores.values()))
        print(f"All of {options.tenant} will be gone for good, in every store and on every queue of {where}.", file=sys.stderr)
        said = asked("The tenant's id, once more")
    if said != options.tenant:
        raise Refused(f"this is not {options.tenant}: nothing was done")


def _earlier_runs(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The proofs of runs that broke off: what they erased is in no later one.

    Raises:
        Misused: there is no such folder.
        Refused: the file holds something else.
    """
    file: Path | None = options.report
    if file is None or not file.exists():
        if file is not None and not file.absolute().parent.is_dir():
            raise Misused(f"--report: there is no folder {file.parent}")
        return []
    try:
        read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        is_ours = (read["version"], read["tenantId"]) == (VERSION, options.tenant)
        earlier = [*read.pop("earlierRuns"), read]
    except (ValueError, LookupError, TypeError, AttributeError):
        is_ours, earlier = False, []
    if not is_ours:
        raise Refused(f"{file} holds something else than a proof of this tenant: name another file")
    return earlier


def _plain(report: Report, earlier: list[dict[str, Any]]) -> dict[str, Any]:
    return {**report.plain(), "earlierRuns": earlier}


def _keep(report: Report, earlier: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Write down what is proven so far: whoever is interrupted has it."""
    if options.report is not None:
        partial = options.report.with_name(f"{options.report.name}.partial")
        partial.write_text(json.dumps(_plain(report, earlier), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(options.report)
