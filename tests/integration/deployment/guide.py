"""Walking a guide: a scratch checkout, an ``az`` that only writes down, two apps that answer, and somebody at a terminal who types."""

import json
import os
import pty
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from typing_extensions import override

from devtools.artefact.__main__ import KEPT
from devtools.certificate import public_certificate, server_context

ROOT: Final = Path(__file__).parents[3]
COPIED: Final = ("devtools", "infra", "ingestion", "ops", "processors", "scripts", "shared")
FILES: Final = (".funcignore", ".gitignore", "function_app.py", "host.json", "requirements.txt")
PYTHON: Final = """#!{python}
# Stands for the checkout's Python: what `python -m ops` is told is checked and written down, and everything else is run.
import json, os, sys
if sys.argv[1:3] == ["-m", "ops"]:
    sys.path.insert(0, os.getcwd())
    from ops.options import parsed
    parsed(sys.argv[3:])
    with open({ledger!r}, "a") as file:
        file.write(json.dumps(sys.argv[3:]) + os.linesep)
else:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Scratch:
    """A checkout that may be spoilt."""

    folder: Path
    asked_of_ops: Path
    set_up: Path
    """There once ``scripts/setup`` was called."""

    @property
    def ops(self) -> list[list[str]]:
        return [json.loads(line) for line in self.asked_of_ops.read_text().splitlines()] if self.asked_of_ops.exists() else []


def checkout(folder: Path) -> Scratch:
    """Everything that is deployed or deploys, copied. ``scripts/setup`` does nothing: what it makes is here already."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    (folder / ".shardline").mkdir()
    for kept in ("artefacts", "packages"):  # a package is named by what is in it, which is the same there
        (folder / ".shardline" / kept).symlink_to(KEPT / kept)
    scratch = Scratch(folder, folder.parent / "ops.jsonl", folder.parent / "set-up")
    _write(folder / ".venv" / "bin" / "python", PYTHON.format(python=sys.executable, ledger=str(scratch.asked_of_ops)))
    _write(folder / "scripts" / "setup", f"#!/bin/sh\ntouch '{scratch.set_up}'\n")
    return scratch


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


@contextmanager
def running_app(consumer: str, folder: Path) -> Iterator[str]:
    """An app that is healthy and ready, over TLS; where it is."""

    class App(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"status": "ready", "consumerType": consumer})

        def do_POST(self) -> None:
            self._answer(401, {})

        def _answer(self, status: int, body: Mapping[str, str]) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    server.socket = server_context(folder).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Walked:
    """How it went."""

    exit_code: int
    said: str


def walk(script: str, *, scratch: Scratch, programs: Path, certificates: Path, typed: str) -> Walked:
    """Run a script in the scratch checkout, with somebody at the terminal who has typed ahead."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("AZURE_")}
    trusted = {"SSL_CERT_FILE": str(public_certificate(certificates)), "PYTHONDONTWRITEBYTECODE": "1"}
    terminal, keyboard = pty.openpty()
    try:
        os.write(terminal, typed.encode())
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", script],
            cwd=scratch.folder,
            env={**kept, **trusted, "PATH": f"{programs}:{os.environ['PATH']}"},
            stdin=keyboard,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=200,
            check=False,
        )
    finally:
        os.close(terminal)
        os.close(keyboard)
    return Walked(done.returncode, done.stdout)
