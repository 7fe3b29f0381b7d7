"""What coverage follows: not everything, for Python goes half as fast where it does.

Not followed are laws and simulations, which run the same lines for hundreds of examples, and tests of the tools, of which nothing ships.
A child process is followed where its test asks for that.
"""

import importlib
import os
import pkgutil
import sys
from collections.abc import Generator, Mapping
from typing import Any, Final

import pytest
from coverage import Coverage

SHIPPED: Final = ("ingestion", "processors", "shared")
NOT_FOLLOWED: Final = (
    *("e2e", "contract/test_layout.py", "unit/devtools", "unit/processors/chain"),
    *(f"unit/processors/enrichment/test_enrichment_{name}.py" for name in ("races", "relinks")),
    *(f"unit/processors/normalization/test_{name}.py" for name in ("drive_deaths", "normalization_outage")),
    "unit/ingestion/test_poller_deaths.py",
    *(f"integration/{name}" for name in ("blob", "cosmos", "gdrive_api", "gdrive_day", "gdrive_world", "salesforce_day", "servicebus")),
    *(f"integration/{name}" for name in ("slack_api", "slack_day", "slack_world")),
)
"""Under ``tests``."""
_CHILDREN: Final = "COVERAGE_PROCESS_CONFIG"
"""Coverage follows a Python process that has it."""

_followed: dict[str, str] = {}


def followed() -> Mapping[str, str]:
    """The environment of a child process that coverage follows, too; nothing, where nobody measures."""
    return dict(_followed)


class Measuring:
    """Has the tracer in place while a test runs that it is to follow."""

    def __init__(self, config: pytest.Config, trace: Any) -> None:
        self._not_followed = [config.rootpath / "tests" / name for name in NOT_FOLLOWED]
        self._trace = trace

    def follows(self, item: pytest.Item) -> bool:
        is_law = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        return not is_law and not any(item.path.is_relative_to(path) for path in self._not_followed)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        sys.settrace(self._trace if self.follows(item) else None)
        try:
            return (yield)
        finally:
            sys.settrace(None)


def pytest_configure(config: pytest.Config) -> None:
    if Coverage.current() is None:
        return
    trace = sys.gettrace()
    hands_out = not hasattr(config, "workerinput") and config.getoption("numprocesses", None)
    if not hands_out:  # who hands the tests out runs none, and the workers need the variable
        if _CHILDREN in os.environ:
            _followed[_CHILDREN] = os.environ.pop(_CHILDREN)
        _import_all()
        config.pluginmanager.register(Measuring(config, trace), "measuring")
    sys.settrace(None)


def _import_all() -> None:
    """What runs when a module is imported is seen here, and not where a test that is not followed imports it first."""
    for name in SHIPPED:
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            importlib.import_module(module.name)
