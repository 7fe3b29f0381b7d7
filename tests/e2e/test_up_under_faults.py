"""``up --faults``: the first run under a plan, and an exit code that is worth something."""

import json
from pathlib import Path

import pytest

from devtools.faults.injector import strikes
from devtools.local.run import folder_of
from tests.e2e.environment import free_offset
from tests.e2e.processes import run
from tests.e2e.test_local_run import DEVTOOLS, forget, free_again

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

THROTTLED = {
    "at": "cosmos",
    "kind": "refuse",
    "status": 429,
    "retryAfterSeconds": 0.1,
    "operation": "create",
    "target": "shards",
    "calls": 2,
}
NEVER = {"at": "blob", "kind": "drop", "operation": "delete", "calls": 1}
"""No record of the sample is so large that it is put aside."""


def written(folder: Path, *faults: dict[str, object]) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps({"name": "told by a test", "seed": 3, "faults": faults}))
    return path


async def test_a_run_that_met_every_fault_of_its_plan_and_lost_nothing_is_fine(tmp_path: Path) -> None:
    offset = free_offset()
    plan = written(tmp_path, THROTTLED)

    code, out, errors = await run(*DEVTOOLS, "up", "--once", "--json", "--faults", str(plan), "--port-offset", str(offset), seconds=200)

    report = json.loads(out)
    assert (code, errors, report["faults"], report["stored"]) == (0, "", [], 8)
    assert report["plan"] == {
        "plan": "told by a test",
        "seed": 3,
        "faults": [{**THROTTLED, "fired": 2}],
        "byKind": {"refuse": 2},
        "hasProven": True,
    }
    happened = strikes(folder_of(offset) / "faults.fired.jsonl")
    assert [line["operation"] for line in happened] == ["create", "create"]
    await free_again(offset)
    forget(offset)


async def test_a_fault_that_never_happened_fails_the_run_though_every_record_is_there(tmp_path: Path) -> None:
    offset = free_offset()
    plan = written(tmp_path, THROTTLED, NEVER)

    code, out, errors = await run(*DEVTOOLS, "up", "--once", "--faults", str(plan), "--port-offset", str(offset), seconds=200)

    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, errors) == (1, "")
    assert "blob drop delete * 0" in lines
    assert "cosmos refuse create shards 2" in lines
    assert "by kind: drop 0, refuse 2" in lines
    assert lines[-2:] == ["Missing or wrong:", "a fault that never happened: blob: drop on delete *"]
    await free_again(offset)
    forget(offset)


async def test_a_plan_that_cannot_be_carried_out_is_one_line_before_anything_is_started(tmp_path: Path) -> None:
    offset = free_offset()
    command = (*DEVTOOLS, "up", "--once", "--port-offset", str(offset), "--faults")
    (tmp_path / "half.json").write_text('{"name": "half"')

    nowhere = await run(*command, str(tmp_path / "nowhere.json"))
    half = await run(*command, str(tmp_path / "half.json"))
    elsewhere = await run(*command, str(written(tmp_path, {"at": "azure-openai", "kind": "drop", "calls": 1})))
    unable = await run(*command, str(written(tmp_path, {"at": "cosmos", "kind": "malformed", "calls": 1})))

    assert nowhere == (1, "", f"up: the fault plan {tmp_path / 'nowhere.json'} cannot be read: No such file or directory")
    assert half[:2] == (1, "")
    assert half[2].startswith("up: the fault plan half.json is none: ")
    assert len(half[2].splitlines()) == 1
    assert elsewhere == (
        1,
        "",
        "up: azure-openai: drop on * *: such a run can do faults at blob, cosmos, host, issuer, service-bus",
    )
    assert unable[2].startswith("up: cosmos: malformed on * *: this stand-in can do clock-moved, ")
    assert not folder_of(offset).exists()
