"""Runs the client's tests in a process of their own against a stand-in in another, which has a queue for each of them.

They mostly sleep, so many run at once, however few cores there are.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from devtools.conformance import selection
from devtools.conformance.distribution import PLUGIN, ROOT, tests_of_the_client

WORKERS: Final = 12
QUICK_WORKERS: Final = 6
TEST_SECONDS: Final = 480
"""The longest test waits five minutes for a link to be forgotten."""
_COLLECT_SECONDS: Final = 120
_PLAIN: Final = "--assert=plain"
"""Twice as quick to start, and a failure says less: not where the tests take minutes anyway."""


class RunFailed(Exception):
    """The tests could not be run; the text is what was said."""


def run(*, quick: bool) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """(test → ``passed`` or what went wrong, test → why it was left out, entries of the lists that are about no test).

    Raises:
        Unavailable: what is needed is not here.
        RunFailed: the tests or the stand-in did not start.
    """
    tests = tests_of_the_client()
    with tempfile.TemporaryDirectory(prefix="shardline-conformance-") as name:
        folder = Path(name)
        found = _collected(tests, folder / "Config.json")
        left_out = {test: reason for test in found if (reason := selection.reason_of(test, selection.LEFT_OUT)) is not None}
        chosen = [test for test in found if test not in left_out and (not quick or selection.matches(test, selection.QUICK))]
        with _stand_in(folder) as port:
            workers = ["-n", str(QUICK_WORKERS), _PLAIN] if quick else ["-n", str(WORKERS)]
            results = _results(tests, folder, chosen, port, workers)
    return {test: results.get(_as_reported(test), "was not run") for test in chosen}, left_out, selection.stale(found)


def _collected(tests: Path, config: Path) -> list[str]:
    """The ids of all tests; writes the configuration with their queues, without those that need sessions."""
    done = _pytest(
        tests, ["--collect-only", _PLAIN, *selection.FILES], {"SB_CONF_WRITE_CONFIG": str(config)}, timeout_seconds=_COLLECT_SECONDS
    )
    if done.returncode:
        raise RunFailed(done.stdout[-2000:])
    content = json.loads(config.read_text(encoding="utf-8"))
    [namespace] = content["UserConfig"]["Namespaces"]
    namespace["Queues"] = [queue for queue in namespace["Queues"] if not queue["Properties"]["RequiresSession"]]
    config.write_text(json.dumps(content), encoding="utf-8")
    return [line for line in done.stdout.splitlines() if "::" in line and not line.startswith(" ")]


@contextlib.contextmanager
def _stand_in(folder: Path) -> Iterator[int]:
    """The local Service Bus in a process; its port."""
    command = (sys.executable, "-m", "devtools.emulators.servicebus", "--config", str(folder / "Config.json"), "--port", "0")
    with (
        (folder / "stand-in.log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RunFailed((folder / "stand-in.log").read_text(encoding="utf-8")[-2000:])
            yield int(line.rpartition(":")[2])
        finally:
            process.terminate()


def _results(tests: Path, folder: Path, chosen: Sequence[str], port: int, workers: Sequence[str]) -> dict[str, str]:
    listed, report = folder / "chosen", folder / "report.xml"
    listed.write_text("\n".join(chosen), encoding="utf-8")
    options = [*workers, "--dist", "worksteal", "--timeout", str(TEST_SECONDS), f"--junitxml={report}", f"@{listed}"]
    done = _pytest(tests, options, {"SB_CONF_PORT": str(port)}, timeout_seconds=len(chosen) * TEST_SECONDS)
    if not report.is_file():
        raise RunFailed((done.stdout + done.stderr)[-2000:])
    return {f"{case.get('classname')}::{case.get('name')}": _verdict(case) for case in ElementTree.parse(report).iter("testcase")}


def _pytest(
    tests: Path, options: Sequence[str], settings: Mapping[str, str], *, timeout_seconds: float
) -> subprocess.CompletedProcess[str]:
    whole = tests.parent
    command = (sys.executable, "-m", "pytest", "-c", str(whole / "pytest.ini"), "--rootdir", str(tests), "-p", "sb_conformance")
    quiet = ("-p", "no:cacheprovider", "-p", "no:logging", "-q", "--tb=short")
    paths = os.pathsep.join(map(str, (PLUGIN, whole / "packages", tests, tests / "async_tests")))
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COVERAGE", "COV_", "AZURE_"))}
    environment = ours | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **settings}
    return subprocess.run(
        (*command, *quiet, *options), cwd=tests, env=environment, capture_output=True, text=True, timeout=timeout_seconds, check=False
    )


def _as_reported(test: str) -> str:
    """``folder/file.py::Class::name`` as the report has it: ``folder.file.Class::name``."""
    path, *inside, name = test.split("::")
    return ".".join([path.removesuffix(".py").replace("/", "."), *inside]) + f"::{name}"


def _verdict(case: Element) -> str:
    for kind in ("failure", "error", "skipped"):
        found = case.find(kind)
        if found is not None:
            return f"{kind}: {(found.get('message') or '').splitlines()[0][:200]}"
    return "passed"
