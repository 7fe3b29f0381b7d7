"""Loads an app in Microsoft's own ``azure-functions-runtime``, the judge of this host's refusals.

``python -m devtools.host.official_runtime --app DIR`` prints ``{"functions": ["name", …]}`` or ``{"error": "Type: text"}``; several
directories give one line each. The package exists only for Python 3.13, so a virtual environment for that version is kept in
``.shardline/venv-3.13``; making it needs the package registry once. Every app is loaded in a forked child, because a process can hold
only one.
"""

import argparse
import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module, util
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_VENV = _ROOT / ".shardline" / "venv-3.13"
_RUNTIME = "azure-functions-runtime"


class SetupFailed(Exception):
    """The environment cannot be made; the text is what the installer said."""


def environment() -> Path | None:
    """The interpreter of an environment with the app's packages and the runtime; None when there is no Python 3.13.

    Raises:
        SetupFailed: see there.
    """
    _VENV.parent.mkdir(exist_ok=True)
    with (_VENV.parent / "venv-3.13.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, python = _VENV / "shardline-installed", _VENV / "bin" / "python"
        if stamp.exists() and stamp.read_text() == _wanted() and python.exists():
            return python
        interpreter = next(_pythons_313(), None)
        if interpreter is None:
            return None
        _install(interpreter)
        stamp.write_text(_wanted())
    return python


def _pythons_313() -> Iterator[str]:
    named = shutil.which("python3.13")
    found = [sys.executable, *([named] if named else []), *map(str, sorted(Path.home().glob(".pyenv/versions/3.13*/bin/python")))]
    for candidate in found:
        # A pyenv shim exists for versions that are not active too, and then only complains.
        check = subprocess.run([candidate, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False)
        if check.returncode == 0 and check.stdout.strip() == "(3, 13)":
            yield candidate


def _wanted() -> str:
    pins = b"".join((_ROOT / name).read_bytes() for name in ("requirements.txt", "requirements-dev.txt"))
    return f"{hashlib.sha256(pins).hexdigest()}\n"


def _install(interpreter: str) -> None:
    pin = next(line.split(" ")[0] for line in (_ROOT / "requirements-dev.txt").read_text().splitlines() if line.startswith(f"{_RUNTIME}=="))
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside if beside.exists() else _ROOT / ".venv" / "bin" / "uv")
    _run([uv, "venv", "--quiet", "--clear", "--python", interpreter, str(_VENV)])
    into = ["--python", str(_VENV / "bin" / "python")]
    _run([uv, "pip", "install", "--quiet", *into, "-r", "requirements.txt", "-c", "requirements-dev.txt", pin])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupFailed(f"{' '.join(command[:3])}: {done.stderr.strip()}")


def load_in_official_runtime(app_dirs: Sequence[Path], python: Path) -> list[dict[str, Any]]:
    """What the runtime makes of each app: ``{"functions": [...]}`` or ``{"error": "..."}``."""
    command = [str(python), "-P", "-m", "devtools.host.official_runtime", "--app", *map(str, app_dirs)]
    env = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if len(lines) != len(app_dirs):
        raise SetupFailed(f"the runtime gave {len(lines)} answers for {len(app_dirs)} apps: {done.stderr.strip()}")
    return [json.loads(line) for line in lines]


async def _index(app_dir: Path) -> dict[str, Any]:
    runtime: Any = import_module("azure_functions_runtime")
    protos: Any = import_module("devtools.host.official_protos")
    answer = await runtime.worker_init_request(protos.init_request(str(app_dir), protos))
    if answer.result.status == protos.StatusResult.Failure:
        return {"error": answer.result.exception.message}
    metadata = (await runtime.functions_metadata_request(None)).function_metadata_results
    return {"functions": [function.name for function in metadata or ()]}


def _answer_in_child(app_dir: Path) -> None:
    """Fork, load the app there, print one line. The child's standard output is standard error, so that an app may print."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"error": f"the worker would exit ({os.waitstatus_to_exitcode(status)})"}), flush=True)
        return
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path[:] = [str(app_dir), *(entry for entry in sys.path if entry not in {"", str(_ROOT), str(app_dir)})]
    try:
        answer = asyncio.run(_index(app_dir))
    except SystemExit as exit_:
        os._exit(exit_.code if isinstance(exit_.code, int) and exit_.code else 1)
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.host.official_runtime", description="Load apps in Microsoft's runtime.")
    parser.add_argument("--app", type=Path, nargs="+", required=True)
    app_dirs = [app.resolve() for app in parser.parse_args().app]
    if util.find_spec("azure_functions_runtime"):
        for name in ("azure.functions", "azure_functions_runtime", "devtools.host.official_protos"):
            import_module(name)
        for app_dir in app_dirs:
            _answer_in_child(app_dir)
        return 0
    try:
        python = environment()
        if python is None:
            print("official runtime: no Python 3.13 found", file=sys.stderr)
            return 1
        for answer in load_in_official_runtime(app_dirs, python):
            print(json.dumps(answer))
    except SetupFailed as error:
        print(f"official runtime: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
