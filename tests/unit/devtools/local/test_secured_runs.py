"""A run with identities instead of keys: what its app and its stand-ins are told, and what they are not."""

import json
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from devtools import azurite
from devtools.emulators.cosmos.key import KEY
from devtools.emulators.servicebus import shared_access
from devtools.host.isolation import PACKAGES
from devtools.issuer.addresses import CLIENT_ID, OPERATOR_ID
from devtools.issuer.identities import principal_of
from devtools.local.addresses import Addresses
from devtools.local.children import Children
from devtools.local.options import Commands, parsed
from devtools.local.parts import Parts
from devtools.local.run import Run
from shared.settings import VARIABLES, Settings

KEYED = Run(Addresses(), organization_id="00D000000000062EAA", tenant_id="sample", key="k" * 32)
IDENTITYS = {
    "SERVICE_BUS__credential",
    "SERVICE_BUS__clientId",
    "AZURE_CLIENT_ID",
    "AZURE_TOKEN_CREDENTIALS",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "SSL_CERT_FILE",
}
"""What is no setting of ours: the host's, azure-identity's and OpenSSL's."""
TELLS = """
import json, os, sys
print(json.dumps(dict(os.environ)))
print("host: ready", flush=True)
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return replace(KEYED, secured_in=str(tmp_path / "run"))


def test_the_app_is_told_who_it_is_and_where_the_services_are_and_no_key(run: Run) -> None:
    settings = run.settings

    assert settings.keys() - VARIABLES.keys() - {"SECRET_SALESFORCE_PRETEND", "SECRET_SLACK_PRETEND"} == IDENTITYS
    assert not {"SERVICE_BUS", "COSMOS", "BLOB"} & settings.keys()
    assert [value for value in settings.values() for key in (KEY, azurite.KEY, shared_access.KEY) if key in value] == []
    read = Settings.from_environ(settings)
    assert (read.service_bus.address, read.cosmos.address) == ("127.0.0.1", "https://127.0.0.1:8081/")
    assert read.blob.address == "https://127.0.0.1:10000/devstoreaccount1"


def test_but_for_that_its_settings_are_those_of_a_run_with_keys(run: Run) -> None:
    both = run.settings.keys() & KEYED.settings.keys()

    assert KEYED.settings.keys() - both == {"SERVICE_BUS", "COSMOS", "BLOB"}
    assert {name: run.settings[name] for name in both} == {name: KEYED.settings[name] for name in both}


def test_a_run_remembers_for_the_other_commands_that_it_takes_identities(run: Run, tmp_path: Path) -> None:
    run.remember(tmp_path)

    assert Run.remembered(tmp_path) == run
    assert KEYED.secured is None


def test_an_operator_of_a_run_is_somebody_else_than_its_app(run: Run, tmp_path: Path) -> None:
    run.remember(tmp_path, run.settings)

    operators = json.loads((tmp_path / "settings.json").read_text())

    assert operators["AZURE_CLIENT_ID"] == OPERATOR_ID
    assert {name for name in run.settings if operators.get(name) != run.settings[name]} == {"AZURE_CLIENT_ID", "AZURE_TOKEN_CREDENTIALS"}
    assert (tmp_path / "settings.json").stat().st_mode & 0o777 == 0o600


def test_runs_beside_each_other_have_their_service_bus_on_the_same_port_at_other_addresses() -> None:
    found = [Addresses.shifted(offset).secured_bus for offset in (0, 100, 12_345)]

    assert found == [("127.0.0.1", 5671), ("127.1.0.100", 5671), ("127.1.48.57", 5671)]


def test_the_stand_ins_are_told_whom_to_let_in(run: Run, tmp_path: Path) -> None:
    parts = Parts(Addresses.shifted(100), tmp_path, tmp_path / "queues.json", secured=run.secured)
    assert run.secured is not None
    checked = ["--issuer", str(run.secured.issuer_folder), "--certificate", str(run.secured.certificate_folder)]
    known = ["--principal", principal_of(CLIENT_ID), "--principal", principal_of(OPERATOR_ID)]

    bus, cosmos = parts.store("service-bus")[0], parts.store("cosmos")[0]

    assert bus[bus.index("--aad") :] == ["--aad", "--host", "127.1.0.100", *checked, *known]
    assert bus[bus.index("--port") + 1] == "5671"
    assert cosmos[cosmos.index("--aad") :] == ["--aad", *checked, *known]


async def test_its_host_has_nothing_else_of_the_environment(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "tells.py"
    script.write_text(TELLS)
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    interpreter.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    monkeypatch.setenv("COSMOS", "AccountEndpoint=https://elsewhere/;AccountKey=c2VjcmV0;")
    children = Children(run, folder=tmp_path / "run", app=tmp_path)

    await children.start_host()
    await children.stop()

    environment = json.loads((tmp_path / "run" / "logs" / "host.log").read_text().splitlines()[0])
    assert run.settings.items() <= environment.items()
    assert "COSMOS" not in environment


def test_an_app_that_brings_its_packages_runs_with_these_alone(tmp_path: Path) -> None:
    (tmp_path / PACKAGES).mkdir(parents=True)

    command, _ = Parts(Addresses(), tmp_path, tmp_path / "queues.json").host(7071, tmp_path)

    assert command[:4] == [sys.executable, "-I", "-S", "-u"]
    assert str(tmp_path / PACKAGES) in command
    assert command[command.index("--app") :][:2] == ["--app", str(tmp_path)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--aad", "--docker"], "not allowed with argument"),
        (["--app", "nowhere.zip"], "neither a zip nor a folder of an app"),
        (["--app", "docs"], "neither a zip nor a folder of an app"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(_NOTHING, ["up", *arguments])

    assert said in capsys.readouterr().err


async def _nothing(_: Namespace) -> int:
    return 0


_NOTHING: Commands = dict.fromkeys(
    ("up", "down", "status", "send", "peek", "shard", "search", "links", "suggestions", "trace", "token", "reset"), _nothing
)
