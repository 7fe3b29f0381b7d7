"""Cold start: what importing the app costs, as a ratio to importing ``azure.functions`` alone in the same run, and what it loads.

Each sample is a fresh interpreter; the two imports take turns, so that whatever else the machine does meets both.
"""

import json
import statistics
import subprocess
from typing import Any, Final

from benchmarks.measurement import ROOT, goal, python, say

SAMPLES: Final = 25
GOAL_RATIO: Final = 1.3
HEAVY: Final = (
    "pydantic",
    "numpy",
    "httpx",
    "httpx2",
    "aiohttp",
    "defusedxml",
    "azure.cosmos",
    "azure.servicebus",
    "azure.identity",
    "azure.storage",
    "opentelemetry.sdk",
)
"""What must not be loaded by the import (architecture 4, rule 9)."""

_TIMED: Final = "import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
_LOADED: Final = """
import json, sys
before = set(sys.modules)
import azure.functions
bare = set(sys.modules)
import function_app
print(json.dumps([sorted(sys.modules), sorted(set(sys.modules) - bare)]))
"""


def measure(samples: int = SAMPLES) -> dict[str, Any]:
    """Seconds and modules."""
    say(f"cold import: {samples} × two fresh interpreters")
    app, bare = [], []
    for _ in range(samples + 1):  # the first pair writes the bytecode and is left out
        bare.append(float(_run(_TIMED.format(module="azure.functions"))))
        app.append(float(_run(_TIMED.format(module="function_app"))))
    loaded, ours = json.loads(_run(_LOADED))
    ratio = statistics.median(app[1:]) / statistics.median(bare[1:])
    heavy = [name for name in HEAVY if name in loaded]
    return {
        "samples": samples,
        "app_import_ms_median": round(1000 * statistics.median(app[1:]), 1),
        "bare_import_ms_median": round(1000 * statistics.median(bare[1:]), 1),
        "modules_loaded": len(loaded),
        "modules_the_app_adds": ours,
        "heavy_modules_loaded": heavy,
        "goals": [
            goal("import of the app ÷ import of `azure.functions`", round(ratio, 3), at_most=GOAL_RATIO),
            goal("heavy modules loaded by the import", len(heavy), at_most=0),
        ],
    }


def _run(code: str) -> str:
    done = subprocess.run([python(), "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout
