"""What a run starts under a fault plan: whom the plan names is given it, and a proxy stands before Azurite where it is about blobs."""

from pathlib import Path

import pytest

from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid
from devtools.local.addresses import Addresses
from devtools.local.parts import Parts

ALL = ("service-bus", "cosmos", "azurite", "issuer")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node.js where Azurite's script is looked for, so that this needs none."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "node").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def parts(folder: Path, *places: str) -> Parts:
    faults = [Fault(at=place, kind=Kind.REFUSE, status=503, calls=1) for place in places]
    plan = folder / "plan.json"
    Plan(name="told by a test", faults=tuple(faults)).write(plan)
    return Parts(Addresses(), folder, folder / "queues.json", plan, spare_ports=lambda count: [17_001][:count])


def given(command: tuple[list[str], str]) -> list[str]:
    """What follows ``--faults``."""
    arguments = command[0]
    return [arguments[index + 1] for index, argument in enumerate(arguments) if argument == "--faults"]


def test_without_a_plan_nobody_is_given_one(tmp_path: Path) -> None:
    run = Parts(Addresses(), tmp_path, tmp_path / "queues.json")

    assert run.stores == ALL
    assert [given(run.store(name)) for name in ("service-bus", "cosmos", "issuer")] == [[], [], []]
    assert given(run.host(7071, tmp_path)) == []


@pytest.mark.parametrize("place", ["service-bus", "cosmos", "issuer", "host"])
def test_a_plan_is_given_to_those_it_names_and_to_nobody_else(tmp_path: Path, place: str) -> None:
    run = parts(tmp_path, place)

    commands = {name: run.store(name) for name in ("service-bus", "cosmos", "issuer")} | {"host": run.host(7071, tmp_path)}

    assert {name: given(command) for name, command in commands.items()} == {
        name: [str(tmp_path / "plan.json")] if name == place else [] for name in commands
    }
    assert run.stores == ALL


def test_every_host_is_given_a_plan_about_hosts(tmp_path: Path) -> None:
    run = parts(tmp_path, "host")

    assert [given(run.host(port, tmp_path)) for port in (7071, 7072)] == [[str(tmp_path / "plan.json")]] * 2


@pytest.mark.usefixtures("installed")
def test_a_plan_about_blobs_puts_a_proxy_where_azurite_was_and_azurite_elsewhere(tmp_path: Path) -> None:
    run = parts(tmp_path, "blob")

    azurite, _ = run.store("azurite")
    proxy, ready = run.store("blob")

    assert run.stores == (*ALL, "blob")
    assert azurite[azurite.index("--blobPort") + 1] == "17001"
    assert proxy[1:] == [
        *("-m", "devtools.emulators.blob", "--port", "10000", "--target", "17001"),
        *("--faults", str(tmp_path / "plan.json")),
    ]
    assert ready == "blob: ready"


@pytest.mark.usefixtures("installed")
def test_without_a_plan_about_blobs_azurite_listens_where_the_run_says(tmp_path: Path) -> None:
    command, _ = parts(tmp_path, "cosmos").store("azurite")

    assert command[command.index("--blobPort") + 1] == "10000"


def test_a_run_that_asks_for_it_has_a_pretend_salesforce_which_a_plan_can_name(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="told by a test", faults=(Fault(at="salesforce", kind=Kind.TIMEOUT, calls=1),)).write(plan)
    run = Parts(Addresses(), tmp_path, tmp_path / "queues.json", plan, salesforce=("--organization-id", "00D000000000062EAA"))

    command, ready = run.store("salesforce")

    assert run.stores == (*ALL, "salesforce")
    assert command[1:] == [
        *("-m", "devtools.vendors.salesforce.api", "--port", "7090", "--organization-id", "00D000000000062EAA"),
        *("--faults", str(plan)),
    ]
    assert ready == "salesforce: ready"


def test_a_run_that_asks_for_it_has_a_pretend_google_drive_which_a_plan_can_name(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="told by a test", faults=(Fault(at="gdrive", kind=Kind.TIMEOUT, calls=1),)).write(plan)
    run = Parts(Addresses(), tmp_path, tmp_path / "queues.json", plan, gdrive=("--domain", "lantern.example"))

    command, ready = run.store("gdrive")

    assert run.stores == (*ALL, "gdrive")
    assert command[1:] == [
        *("-m", "devtools.vendors.gdrive", "--port", "7091", "--domain", "lantern.example"),
        *("--faults", str(plan)),
    ]
    assert ready == "gdrive: ready"


def test_a_run_that_asks_for_it_has_a_pretend_slack_which_a_plan_can_name(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="told by a test", faults=(Fault(at="slack", kind=Kind.TIMEOUT, calls=1),)).write(plan)
    run = Parts(Addresses(), tmp_path, tmp_path / "queues.json", plan, slack=("--team-id", "T0LANTERN"))

    command, ready = run.store("slack")

    assert run.stores == (*ALL, "slack")
    assert command[1:] == [*("-m", "devtools.vendors.slack", "--port", "7092", "--team-id", "T0LANTERN"), *("--faults", str(plan))]
    assert ready == "slack: ready"


def test_a_plan_may_name_others_who_are_no_part_of_a_run(tmp_path: Path) -> None:
    assert parts(tmp_path, "salesforce").stores == ALL


def test_a_plan_that_is_none_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"name": "half"')

    with pytest.raises(PlanInvalid, match=r"the fault plan plan\.json is none"):
        Parts(Addresses(), tmp_path, tmp_path / "queues.json", tmp_path / "plan.json")
