"""What a run starts: one host, or a light and a heavy one, each where it listens and with its own settings."""

import json
import sys
from pathlib import Path

import pytest

from devtools.local.addresses import Addresses
from devtools.local.children import Children, Host
from devtools.local.run import Run

RUN = Run(Addresses(), organization_id="00D000000000062EAA", tenant_id="sample", key="k" * 32)

TELLS = """
import json, os, sys
print(json.dumps([sys.argv[1:], {name: os.environ.get(name) for name in ("CONSUMER_TYPE", "COSMOS_DATABASE", "EMBEDDING_OFFLINE")}]))
print("host: ready", flush=True)
"""


@pytest.fixture
def pretend_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter that tells how it was called, whatever it was asked to run."""
    script = tmp_path / "tells.py"
    script.write_text(TELLS)
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    interpreter.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    return interpreter


def told(children: Children, name: str) -> tuple[list[str], dict[str, str | None]]:
    arguments, environment = json.loads((children.folder / "logs" / f"{name}.log").read_text().splitlines()[0])
    return arguments, environment


@pytest.mark.usefixtures("pretend_host")
async def test_a_run_has_one_host_where_its_addresses_say(tmp_path: Path) -> None:
    children = Children(RUN, folder=tmp_path / "run", app=tmp_path)

    await children.start_host()
    await children.stop()

    assert told(children, "host") == (
        ["-m", "devtools.host", "--app", str(tmp_path), "--port", "7071", "--state", str(tmp_path / "run" / "data" / "host")],
        {"CONSUMER_TYPE": None, "COSMOS_DATABASE": "shardline", "EMBEDDING_OFFLINE": "true"},
    )


@pytest.mark.usefixtures("pretend_host")
async def test_several_hosts_have_the_settings_of_the_run_those_of_all_and_each_its_own(tmp_path: Path) -> None:
    hosts = {"host": Host(7071, {"CONSUMER_TYPE": "light"}), "heavy": Host(7072, {"CONSUMER_TYPE": "heavy"})}
    children = Children(RUN, folder=tmp_path / "run", app=tmp_path, settings={"EMBEDDING_OFFLINE": ""}, hosts=hosts)

    await children.start_host()
    names = [child.name for child in children.all]
    await children.stop()

    assert names == ["host", "heavy"]
    assert [(told(children, name)[0][5], told(children, name)[1]) for name in names] == [
        ("7071", {"CONSUMER_TYPE": "light", "COSMOS_DATABASE": "shardline", "EMBEDDING_OFFLINE": ""}),
        ("7072", {"CONSUMER_TYPE": "heavy", "COSMOS_DATABASE": "shardline", "EMBEDDING_OFFLINE": ""}),
    ]
