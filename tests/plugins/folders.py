"""What a test's folder says about it: its mark, and which come first where several workers share them. And the tests of ``--long``.

Long tests are deselected, not skipped: nothing is missing, they only cost too much for every run. Their number is printed.
"""

from pathlib import Path

import pytest

MARKED_FOLDERS = ("integration", "e2e")
LONGEST_FIRST = ("e2e", "integration", "contract", "unit")
"""The end of a run is short files then, and no worker is left alone with a long one."""

_left_out = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long simulations too")


def folder_of(path: Path, config: pytest.Config) -> str:
    """The folder under ``tests`` a test file is in: ``unit``, ``contract`` … or nothing."""
    inside = path.relative_to(config.rootpath).parts if path.is_relative_to(config.rootpath) else ()
    return inside[1] if len(inside) > 2 and inside[0] == "tests" else ""


@pytest.hookimpl(tryfirst=True)  # before pytest's own -m, which must see the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        folder = folder_of(item.path, config)
        if folder in MARKED_FOLDERS and not item.get_closest_marker(folder):
            item.add_marker(folder)
    if hasattr(config, "workerinput"):
        ranks = {folder: rank for rank, folder in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: ranks.get(folder_of(item.path, config), len(ranks)))

    if config.getoption("--long"):
        return
    long_ones = [item for item in items if item.get_closest_marker("long")]
    if long_ones:
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long_ones)
    config.stash[_left_out] = len(long_ones)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if count := config.stash.get(_left_out, 0):
        terminalreporter.write_line(f"long tests left out: {count} (run them with --long)")
