"""Decides for one stand-in which of its calls meet a fault.

A stand-in asks ``strike`` at every place where it can do something wrong, with the kinds it can do there; what it is given it has to do at
once, for it is counted. Each fault has a random generator of its own, and every call it is about draws from it, so that one fault does
not change what another hits.

With a file, every strike is written there as a line before it happens, and those already in it count: a stand-in that is killed and started
again goes on with its plan, and whoever reads the file knows what happened even to a process that had no time to say so. Each start is a
line, too: the chances are drawn anew then, or a fault that missed every call before a kill would miss them again after each.
"""

import json
import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Any

from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid

Abilities = Mapping[Kind, Collection[str]]
"""The kinds a stand-in can do, each with the variants it knows (none: it has only one form)."""


@dataclass(eq=False)
class _Armed:
    """A fault and what became of it so far."""

    fault: Fault
    rng: Random
    seen: int = 0
    fired: int = 0

    def meets(self, operation: str, target: str) -> bool:
        """Whether this call meets it. Every call it is about is counted and drawn for."""
        fault = self.fault
        if not (fnmatchcase(operation, fault.operation) and fnmatchcase(target, fault.target)):
            return False
        self.seen += 1
        draw = self.rng.random()
        if self.seen <= fault.after or (fault.calls is not None and self.fired >= fault.calls):
            return False
        return fault.share is None or draw < fault.share


class Injector:
    """The faults of one stand-in. ``rng`` is for what a fault needs chance for when it happens: which of several, how many.

    Raises:
        PlanInvalid: a fault is of a kind or variant that this stand-in cannot do.
    """

    def __init__(self, at: str, abilities: Abilities, *, faults: Collection[Fault] = (), seed: int = 0, log: Path | None = None) -> None:
        self.at = at
        self.rng = Random(f"{seed}/{at}")
        self.moved_seconds = 0.0
        """By how much its clock was moved."""
        self._abilities = abilities
        self._seed = seed
        self._armed: list[_Armed] = []
        lines = [] if log is None else [line for line in _lines(log) if line["at"] == at]
        self._already = Counter(line["fault"] for line in lines if "fault" in line)
        self._starts = len(lines) - self._already.total()
        self._log = None if log is None else _open(log)
        self._write({"at": at, "start": self._starts})
        self.add(*faults)

    @classmethod
    def of(cls, at: str, abilities: Abilities, path: Path | None) -> "Injector":
        """The faults of a plan's file that are meant for this stand-in, with the log beside it; none, without a file."""
        if path is None:
            return cls(at, abilities)
        plan = Plan.read(path)
        return cls(at, abilities, faults=[fault for fault in plan.faults if fault.at == at], seed=plan.seed, log=log_beside(path))

    def add(self, *faults: Fault) -> None:
        """Arm more of them, after those that are there."""
        for fault in faults:
            self._check(fault)
            index = len(self._armed)
            fired = self._already[index]
            self._armed.append(_Armed(fault, Random(f"{self._seed}/{self.at}/{index}/{self._starts}"), fired=fired))
            if fault.kind is Kind.CLOCK_MOVED:
                self.moved_seconds += fired * (fault.seconds or 0.0)

    def strike(self, operation: str, target: str = "", *, kinds: Collection[Kind]) -> Fault | None:
        """What this call meets, of the kinds that can be done here; the first of the plan where several would. It has then happened."""
        met = [armed for armed in self._armed if armed.fault.kind in kinds and armed.meets(operation, target)]
        if not met:
            return None
        armed = met[0]
        armed.fired += 1
        if armed.fault.kind is Kind.CLOCK_MOVED:
            self.moved_seconds += armed.fault.seconds or 0.0
        self._write({"at": self.at, "fault": self._armed.index(armed), "operation": operation, "target": target})
        return armed.fault

    @property
    def fired(self) -> dict[Fault, int]:
        """How often each happened so far, the runs before this process included."""
        counts: dict[Fault, int] = {}
        for armed in self._armed:
            counts[armed.fault] = counts.get(armed.fault, 0) + armed.fired
        return counts

    def count(self, kind: Kind) -> int:
        """How often something of this kind happened so far."""
        return sum(armed.fired for armed in self._armed if armed.fault.kind is kind)

    def close(self) -> None:
        """Let go of the file."""
        if self._log is not None:
            os.close(self._log)
        self._log = None

    def _check(self, fault: Fault) -> None:
        if fault.at != self.at:
            raise PlanInvalid(f"{fault.summary}: this is {self.at}")
        if fault.kind not in self._abilities:
            raise PlanInvalid(f"{fault.summary}: this stand-in can do {', '.join(sorted(self._abilities))}")
        variants = self._abilities[fault.kind]
        if fault.variant is not None and fault.variant not in variants:
            raise PlanInvalid(f"{fault.summary}: it knows {', '.join(sorted(variants)) or 'no variants'}")

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._log is not None:
            os.write(self._log, json.dumps(line).encode() + b"\n")


def log_beside(plan: Path) -> Path:
    """Where the strikes of a plan are written: one line each, by every stand-in of the run."""
    return plan.with_suffix(".fired.jsonl")


def strikes(log: Path) -> list[dict[str, Any]]:
    """What happened, in order; nothing, where nothing happened yet."""
    return [line for line in _lines(log) if "fault" in line]


def _lines(log: Path) -> list[dict[str, Any]]:
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def _open(log: Path) -> int:
    """The file, to append to. A line that a kill or a full disk cut off ends here, or it would swallow the next one."""
    handle = os.open(log, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    size_bytes = os.fstat(handle).st_size
    if size_bytes and os.pread(handle, 1, size_bytes - 1) != b"\n":
        os.write(handle, b"\n")
    return handle
