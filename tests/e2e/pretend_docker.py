"""A Docker that is none, for ``up --docker``: it reads the compose file as Docker would, and starts our stand-ins in its place.

Called as ``docker``: what it was asked is noted in ``$PRETEND_DOCKER/calls.jsonl``, what it started in ``pids.jsonl`` there. It takes
from the compose file what a container would be given: the published ports, the queues' file, the volumes' names, Azurite's switches. Its
Service Bus has ten connections, as the official emulator has, and its Cosmos DB the key that every emulator has. ``$PRETEND_DOCKER/broken``
holds what it is not able to do: ``compose`` (no plugin), ``daemon``, ``up``.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from devtools import azurite
from devtools.emulators.cosmos.key import EMULATORS_KEY

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("PRETEND_DOCKER", "."))
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def main(arguments: list[str]) -> int:
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(arguments) + "\n")
    broken = (FOLDER / "broken").read_text().split() if (FOLDER / "broken").exists() else []
    match arguments:
        case ["version", *_]:
            return refuse("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.") if "daemon" in broken else 0
        case ["compose", *_] if "compose" in broken:
            return refuse("docker: 'compose' is not a docker command.")
        case ["compose", "version"] | ["compose", *_, "logs", "--no-color", "--tail", "1000"]:
            return 0
        case ["compose", "--project-name", _, "--env-file", variables, "--file", file, command, *options]:
            return compose(command, options, Path(file), Path(variables), broken)
        case _:
            return refuse(f"unknown command: {arguments}")


def compose(command: str, options: list[str], file: Path, variables: Path, broken: list[str]) -> int:
    known = dict(line.split("=", 1) for line in variables.read_text().splitlines())
    read = yaml.safe_load(VARIABLE.sub(lambda found: value_of(found, known), file.read_text()))
    match command, options:
        case "up", ["--detach"]:
            if "up" in broken:
                return refuse("service-bus Error manifest unknown")
            for name, service in read["services"].items():
                start(name, service, file.parent)
            return 0
        case "down", ["--remove-orphans", *rest]:
            stop(FOLDER)
            if rest == ["--volumes"]:
                shutil.rmtree(FOLDER / "volumes", ignore_errors=True)
            return 0
        case _:
            return refuse(f"unknown command: {command} {options}")


def value_of(found: re.Match[str], known: dict[str, str]) -> str:
    name, sign, word = found.groups()
    if known.get(name):
        return known[name]
    if sign != "-":
        raise SystemExit(refuse(f"required variable {name} is missing a value: {word}"))
    return str(word)


def start(name: str, service: dict[str, Any], beside: Path) -> None:
    mounted = {target: source for source, target in (volume.removesuffix(":ro").split(":") for volume in service.get("volumes", []))}
    python = [sys.executable, "-m"]
    match name:
        case "service-bus":
            config = str(beside / mounted["/ServiceBus_Emulator/ConfigFiles/Config.json"])
            where = ["--config", config, "--port", published(service), "--max-connections", "10"]
            run(name, [*python, "devtools.emulators.servicebus", *where])
        case "cosmos":
            where = ["--port", published(service), "--key", EMULATORS_KEY, "--data", str(FOLDER / "volumes" / mounted["/data"])]
            run(name, [*python, "devtools.emulators.cosmos", *where])
        case "azurite":
            run(name, azurite.command(int(published(service)), FOLDER / "volumes" / mounted["/data"]))


def published(service: dict[str, Any]) -> str:
    [port] = service["ports"]
    address, outside, _ = port.split(":")
    if address != "127.0.0.1":
        raise SystemExit(refuse(f"{port} would be open to everybody"))
    return str(outside)


def run(name: str, command: list[str]) -> None:
    """Start it and leave it to itself, as a container is."""
    with (FOLDER / f"{name}.log").open("ab") as log:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment)
    with (FOLDER / "pids.jsonl").open("a") as pids:
        pids.write(json.dumps({"name": name, "pid": process.pid}) + "\n")


def stop(folder: Path) -> None:
    """End what was started, and wait until it is gone."""
    path = folder / "pids.jsonl"
    pids = [json.loads(line)["pid"] for line in path.read_text().splitlines()] if path.exists() else []
    for pid in pids:
        while is_running(pid):
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.05)
    path.unlink(missing_ok=True)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def refuse(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
