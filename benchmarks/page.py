"""``docs/benchmarks.md``, made from ``benchmarks/results``."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.measurement import RESULTS, ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"

HEAD: Final = """# Benchmarks

Made by `python -m benchmarks` from `benchmarks/results`; not edited by hand. Figures compare commits on one machine and show waste. They
are no promise about Azure: client, stand-ins and app share the cores, and the stand-ins cost no network.
"""


def write() -> None:
    """Make the page anew."""
    PAGE.write_text(rendered(), encoding="utf-8")


def rendered() -> str:
    """The page's text."""
    return "\n".join([HEAD, *_cold_import(_result("cold-import")), "", *_pipeline(_result("pipeline")), ""])


def _result(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def _cold_import(result: Mapping[str, Any]) -> Iterator[str]:
    figures = result["figures"]
    yield from ("## Cold import", "", _made(result), "")
    yield f"Importing the app costs **{figures['ratio_of_medians']}** times importing `azure.functions` alone"
    yield f"(goal: at most {figures['goal_ratio']})."
    yield ""
    yield from ("| | median ms |", "|---|---|")
    yield f"| `import azure.functions` | {figures['bare_import_ms_median']} |"
    yield f"| `import function_app` | {figures['app_import_ms_median']} |"
    yield ""
    added, heavy = figures["modules_the_app_adds"], figures["heavy_modules_loaded"]
    yield f"`sys.modules` then holds {figures['modules_loaded']} modules, {len(added)} of them because of the app:"
    yield f"{', '.join(f'`{name}`' for name in added)}."
    yield f"Heavy modules loaded: {', '.join(heavy) if heavy else 'none'}."


def _pipeline(result: Mapping[str, Any]) -> Iterator[str]:
    throughput, wire = result["figures"]["throughput"], result["figures"]["wire"]
    yield from ("## Webhook to shard", "", _made(result), "")
    yield f"**{throughput['events_per_second']} events a second** over {throughput['events']} new records: acknowledged after"
    yield f"{throughput['seconds_to_last_acknowledgement']} s, the last shard stored after {throughput['seconds_to_last_shard']} s."
    yield from ("", f"Requests an event, counted by the stand-ins over {wire['records']} records. `sent-messages` are messages, of which")
    yield from ("one `send` may carry many; `duplicates-dropped` are those of them the broker had seen within the hour.", "")
    yield from ("| record | Cosmos DB | Service Bus |", "|---|---|---|")
    for case in ("new", "changed", "unchanged"):
        cells = [", ".join(f"{name} {count}" for name, count in wire[case][service].items()) for service in ("cosmos", "service_bus")]
        yield f"| {case} | {cells[0]} | {cells[1]} |"


def _made(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    on = f"{machine['cores']} cores, Python {machine['python']}, {machine['system']} {machine['architecture']}"
    return f"Commit `{result['commit']}`, {result['date']}, {on}. Command: `{result['command']}`."
