"""``python -m devtools.audit``: is what we take from others pinned, licensed, needed, and not known to be vulnerable?

The first three need nothing but this repository and its environment. The last asks the advisory services through pip-audit and npm. Where
they cannot be asked that is said in a line and passes, unless ``--required`` (or AUDIT_REQUIRED=1) says that it must not.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devtools.audit import accepted, advisories, asking, licences, npm_lock, pins, shipping
from devtools.audit.accepted import Accepted
from devtools.audit.advisories import Heard, NotAsked, Verdict
from devtools.audit.asking import Memory, Run

ROOT = Path(__file__).parents[2]
SHIPPED = "requirements.txt"


@dataclass(frozen=True)
class Options:
    """How it is asked."""

    is_required: bool
    osv_url: str | None = None


def options_of(arguments: list[str], environment: Mapping[str, str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m devtools.audit", description=__doc__)
    parser.add_argument("--required", action="store_true", help="fail where nobody can be asked for advisories; also AUDIT_REQUIRED=1")
    parser.add_argument("--osv-url", metavar="URL", help="ask this service, which speaks as osv.dev does, instead of the package index")
    read = parser.parse_args(arguments)
    return Options(read.required or environment.get("AUDIT_REQUIRED") == "1", read.osv_url)


def offline_faults(root: Path, excused: Accepted) -> Iterator[str]:
    """What the files alone say."""
    for path in sorted(root.glob("requirements*.txt")):
        yield from pins.faults(path.name, path.read_text())
    shipped = pins.pins_in((root / SHIPPED).read_text())
    yield from shipping.faults(shipped, shipping.imported_by(root), excused.not_imported)
    yield from licences.faults(shipped, excused.licences)
    yield from npm_lock.faults((root / "package-lock.json").read_text())


def audit(root: Path, options: Options, *, run: Run, now: datetime) -> int:
    """Everything. Prints faults, and notes that are to be seen though all is well."""
    try:
        excused = accepted.read((root / "devtools" / "audit" / "accepted.toml").read_text())
    except ValueError as error:
        print(f"accepted.toml: {error}")
        return 1
    faults = [*offline_faults(root, excused), *_advisory_faults(root, options, excused, run=run, now=now)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def _advisory_faults(root: Path, options: Options, excused: Accepted, *, run: Run, now: datetime) -> list[str]:
    """What the services know, and what was accepted for nothing; remembers what came of asking."""
    file = root / ".shardline" / "audit.json"
    memories = asking.remembered(file)
    faults: list[str] = []
    verdicts: list[Verdict] = []
    services = _services(root, options, run)
    for service, (inputs, ask) in services.items():
        memory = memories.get(service)
        if memory is not None and memory.holds(inputs, now) and not options.is_required:
            if memory.why:
                print(f"note: no advisories asked for: {memory.why} (remembered from {memory.at[:16]})")
            continue
        try:
            verdict = advisories.verdict_on(ask(), excused.advisories, today=now.date(), is_required=options.is_required)
        except NotAsked as error:
            why = f"{service}: {error}"
            memories[service] = Memory(now.isoformat(), why, inputs)
            if options.is_required:
                faults.append(why)
            else:
                print(f"note: no advisories asked for: {why}")
            continue
        verdicts.append(verdict)
        memories.pop(service, None)
        if not verdict.faults:
            memories[service] = Memory(now.isoformat(), "", inputs)
        print(f"note: {service}: {'; '.join(verdict.notes)}")
    asking.remember(file, memories)
    faults += [fault for verdict in verdicts for fault in verdict.faults]
    if len(verdicts) == len(services):
        faults += advisories.idle(excused, frozenset().union(*(verdict.used for verdict in verdicts)))
    return faults


def _services(root: Path, options: Options, run: Run) -> dict[str, tuple[str, Callable[[], Heard]]]:
    """Who is asked: about what, as a hash, and how."""
    every = [pin for path in sorted(root.glob("requirements*.txt")) for pin in pins.pins_in(path.read_text())]
    lock = (root / "package-lock.json").read_text()
    return {
        "pip-audit": (
            _digest(sorted(pin.text for pin in every)),
            lambda: asking.ask_pip(every, run=run, osv_url=options.osv_url, is_required=options.is_required),
        ),
        "npm": (_digest([lock]), lambda: asking.ask_npm(root, run=run, is_required=options.is_required)),
    }


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(audit(ROOT, options_of(sys.argv[1:], os.environ), run=asking.run, now=datetime.now(UTC)))
