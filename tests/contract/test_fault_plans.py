"""One plan format that every stand-in obeys: what each can do is listed, shown by a test, and anything else is refused before the run."""

import ast
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from devtools.emulators.servicebus.mishaps import Mishaps
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid
from devtools.faults.stand_ins import STAND_INS, check
from tests.contract.fault_proofs import PROOFS

ROOT = Path(__file__).parents[2]
NO_PLAN = "no plan"
PLANS = sorted((ROOT / "devtools" / "faults" / "plans").glob("*.json"))

OTHER_HALVES = {"devtools.vendors.salesforce.api"}
"""Processes that obey the plans of a stand-in that another process is, too: Salesforce sends, and answers."""
NEEDED = {
    "blob": ["--port", "0", "--target", "1"],
    "host": ["--port", "0", "--app", "nowhere"],
    "issuer": ["--port", "0", "--data", "nowhere"],
    "salesforce": ["--url", "http://127.0.0.1:9/"],
    "service-bus": ["--port", "0", "--config", "nowhere.json"],
}
"""What a process has to be told besides its plan. None of it is there: the plan is read first."""


def started(at: str, plan: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", STAND_INS[at].module, *NEEDED.get(at, ["--port", "0"]), "--faults", str(plan)]
    environ = {"PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.Popen(command, cwd=plan.parent, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def a_fault(at: str, kind: Kind, variant: str | None = None, operation: str = "*") -> Fault:
    return Fault(
        at=at,
        kind=kind,
        variant=variant,
        operation=operation,
        calls=1,
        status=503 if kind is Kind.REFUSE else None,
        seconds=1 if kind in {Kind.DELAY, Kind.CLOCK_MOVED} else None,
    )


def what_it_cannot_do(at: str) -> Fault:
    return a_fault(at, next(kind for kind in Kind if kind not in STAND_INS[at].abilities))


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Every stand-in as a process with a plan that is too much for it, and an issuer with a file that is no plan; all at once."""
    plans = {at: tmp_path_factory.mktemp(at) / "plan.json" for at in (*STAND_INS, NO_PLAN)}
    for at in STAND_INS:
        Plan(name="too much", faults=(what_it_cannot_do(at),)).write(plans[at])
    plans[NO_PLAN].write_text('{"name": "x", "faults": [{"at": "issuer", "kind": "explode", "calls": 1}]}')
    processes = {at: started("issuer" if at == NO_PLAN else at, plan) for at, plan in plans.items()}
    yield processes
    for process in processes.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("at", STAND_INS)
def test_a_process_refuses_a_plan_it_cannot_carry_out_with_one_line(at: str, refusing: dict[str, subprocess.Popen[str]]) -> None:
    printed, said = refusing[at].communicate(timeout=60)

    assert (refusing[at].returncode, printed) == (1, "")
    [line] = said.splitlines()
    assert f"{what_it_cannot_do(at).summary}: this stand-in can do {', '.join(sorted(STAND_INS[at].abilities))}" in line


@pytest.mark.parametrize("at", STAND_INS)
@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")  # other tests have imported some of them
def test_its_help_says_that_it_takes_a_plan(at: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", [at, "--help"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"{STAND_INS[at].module}.__main__", run_name="__main__")

    assert ended.value.code == 0
    assert "--faults PLAN" in capsys.readouterr().out


def test_a_process_refuses_what_is_no_plan(refusing: dict[str, subprocess.Popen[str]]) -> None:
    printed, said = refusing[NO_PLAN].communicate(timeout=60)

    assert (refusing[NO_PLAN].returncode, printed) == (1, "")
    assert re.fullmatch(r"issuer: the fault plan .*plan\.json is none: faults\.0\.kind: .*\n", said)


@pytest.mark.parametrize("at", STAND_INS)
def test_a_kind_a_variant_and_an_operation_that_are_not_there_are_refused(at: str) -> None:
    kind = next(iter(STAND_INS[at].abilities))

    for wrong in (what_it_cannot_do(at), a_fault(at, kind, variant="unheard-of"), a_fault(at, kind, operation="unheard-of")):
        with pytest.raises(PlanInvalid, match=re.escape(wrong.summary)):
            check(Plan(name="wrong", faults=(wrong,)))


def test_a_stand_in_that_is_not_there_is_refused() -> None:
    with pytest.raises(PlanInvalid, match="there is no such stand-in, but azure-openai, blob, cosmos"):
        check(Plan(name="wrong", faults=(a_fault("cosmoss", Kind.DROP),)))


@pytest.mark.parametrize("at", STAND_INS)
def test_everything_a_stand_in_can_do_has_its_test(at: str) -> None:
    abilities = STAND_INS[at].abilities
    able = {f"{kind}" if variant is None else f"{kind} ({variant})" for kind in abilities for variant in (None, *abilities[kind])}

    assert sorted(PROOFS[at]) == sorted(able), "tests/contract/fault_proofs.py names a test for each"
    for ability, test in PROOFS[at].items():
        kind, _, variant = ability.removesuffix(")").partition(" (")
        path, name = test.split("::")
        text, names = functions_of(ROOT / path)
        assert name in names
        assert f"Kind.{Kind(kind).name}" in text or f'"{kind}"' in text, f"{path} does not speak of {kind}"
        assert f'"{variant}"' in text or not variant, f"{path} does not speak of {variant}"


@cache
def functions_of(path: Path) -> tuple[str, frozenset[str]]:
    """A file's text, and the names of the functions in it."""
    text = path.read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(text))
    return text, frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_stand_in_that_listens_is_listed() -> None:
    processes = {path.parent: path.read_text(encoding="utf-8") for path in (ROOT / "devtools").rglob("__main__.py")}
    obeying = [folder for folder, text in processes.items() if '"--faults"' in text or "add_faults(" in text]

    listed = {stand_in.module for stand_in in STAND_INS.values()}
    assert {".".join(folder.relative_to(ROOT).parts) for folder in obeying} == listed | OTHER_HALVES


def test_there_is_no_other_format_of_plans() -> None:
    folders = ("devtools", "tests", "benchmarks")
    others = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if "Fault" + "Plan" in path.read_text(encoding="utf-8")]

    assert others == []


@pytest.mark.parametrize("path", PLANS, ids=[path.stem for path in PLANS])
def test_an_example_can_be_carried_out(path: Path) -> None:
    plan = Plan.read(path)

    check(plan)

    assert plan.faults
    of_the_broker = [fault for fault in plan.faults if fault.at == "service-bus"]
    Mishaps(Injector("service-bus", STAND_INS["service-bus"].abilities, faults=of_the_broker))


def test_examples_have_names_and_seeds_of_their_own() -> None:
    plans = [Plan.read(path) for path in PLANS]

    assert len(plans) >= 4
    assert len({plan.name for plan in plans}) == len({plan.seed for plan in plans}) == len(plans)
