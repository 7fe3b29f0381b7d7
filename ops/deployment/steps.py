"""Doing one step after the other: each named and timed, the first that fails stops, and one can begin at any."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.refusals import Refused


@dataclass(frozen=True)
class Step:
    """One of them."""

    name: str
    does: str
    """What, in a few words."""
    run: Callable[[], None]


@dataclass(frozen=True)
class Took:
    """One that is done."""

    name: str
    seconds: float


class StepFailed(Refused):
    """One did not succeed. The text names it."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step


def tell(text: str) -> None:
    """A line for whoever watches; what machines read goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def carry_out(steps: Sequence[Step], *, who: str, first: str | None = None, last: str | None = None) -> list[Took]:
    """Do them, from one to another.

    Raises:
        StepFailed: one did not succeed; those after it were not begun.
    """
    names = [step.name for step in steps]
    begin = 0 if first is None else names.index(first)
    end = len(names) if last is None else names.index(last) + 1
    done = []
    for step in steps[begin:end]:
        tell(f"{who}: {step.name}: {step.does}")
        began = time.monotonic()
        try:
            step.run()
        except Refused as refused:
            tell(f"{who}: {step.name} FAILED after {time.monotonic() - began:.1f} s")
            raise StepFailed(step.name, str(refused)) from None
        took = time.monotonic() - began
        tell(f"{who}: {step.name} done in {took:.1f} s")
        done.append(Took(step.name, round(took, 1)))
    return done
