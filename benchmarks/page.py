"""``docs/benchmarks.md``, made from ``benchmarks/results`` and the words around them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

from benchmarks.measurement import RESULTS, ROOT
from benchmarks.sections import (
    backfill,
    cold_import,
    crawl,
    embedding,
    first_run,
    linking,
    linking_quality,
    pipeline,
    retrieval,
    stand_ins,
    webhook,
)

PAGE: Final = ROOT / "docs" / "benchmarks.md"
LINE_CHARACTERS: Final = 140

HEAD: Final = """# Benchmarks

Made by `python -m benchmarks` from `benchmarks/results`; not edited by hand. Figures compare commits on one machine and show waste. They
are no promise about Azure: client, stand-ins and app share the cores, and the stand-ins cost no network. What is compared with each other
was measured in one run, in turns.

| to measure | run |
|---|---|
| everything, in a few minutes | `python -m benchmarks` |
| one of it | `python -m benchmarks cold-import`, or `pipeline`, `embedding`, `retrieval`, `stand-ins`, `first-run`, `backfill` |
| | `crawl`, `webhook`, `linking`, `linking-quality` |

`first-run` clones what is committed and fetches every package anew; it is the only one that needs a network.
"""

SECTIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    "cold-import": cold_import.lines,
    "pipeline": pipeline.lines,
    "embedding": embedding.lines,
    "retrieval": retrieval.lines,
    "linking": linking.lines,
    "linking-quality": linking_quality.lines,
    "stand-ins": stand_ins.lines,
    "first-run": first_run.lines,
    "backfill": backfill.lines,
    "crawl": crawl.lines,
    "webhook": webhook.lines,
}


def write() -> None:
    """Make the page anew."""
    PAGE.write_text(rendered(), encoding="utf-8")


def rendered() -> str:
    """The page's text. What was never measured has no section."""
    results = {name: json.loads(path.read_text(encoding="utf-8")) for name in SECTIONS if (path := RESULTS / f"{name}.json").exists()}
    lines = [HEAD, *_goals([line for result in results.values() for line in result["figures"]["goals"]])]
    for name, result in results.items():
        first, *others = SECTIONS[name](result["figures"])
        lines += ["", first, "", _made(result), *map(_wrapped, others)]
    return "\n".join([*lines, ""])


def _wrapped(line: str) -> str:
    """A paragraph in lines as long as those of the other pages; tables and headings as they are."""
    return line if line.startswith(("|", "#")) else "\n".join(wrap(line, LINE_CHARACTERS, break_long_words=False, break_on_hyphens=False))


def _goals(goals: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    missed = sum(not goal["is_met"] for goal in goals)
    yield from ("## Goals", "")
    yield f"{len(goals) - missed} of {len(goals)} are reached" + (f", {missed} **missed**: see there." if missed else ".")
    yield from ("", "| measure | figure | goal | |", "|---|---|---|---|")
    for goal in goals:
        yield f"| {goal['measure']} | {goal['value']} | {_asked(goal)} | {verdict(goal)} |"


def verdict(goal: Mapping[str, Any]) -> str:
    """Whether a goal is reached, and else by how much not, which is a share of the goal, too, where that is not 0."""
    if goal["is_met"]:
        return "reached"
    least, value = goal["at_least"], goal["value"]
    bound = least if least is not None and value < least else goal["at_most"]
    by = round(abs(value - bound), 9)  # what is left of subtracting decimal fractions
    return f"**missed** by {by:g}" + (f", {100 * by / bound:.1f} %" if bound else "")


def _asked(goal: Mapping[str, Any]) -> str:
    least, most = goal["at_least"], goal["at_most"]
    bounds = [f"at least {least}"] if least is not None else []
    bounds += [f"at most {most}"] if most is not None else []
    asked = f"exactly {most}" if least == most else " and ".join(bounds)
    return asked + (f", hoped for {goal['hope']}" if goal["hope"] is not None else "")


def _made(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    on = f"{machine['cores']} cores, Python {machine['python']}, {machine['system']} {machine['architecture']}"
    return f"Commit `{result['commit']}`, {result['date']}, {on}. Command: `{result['command']}`."
