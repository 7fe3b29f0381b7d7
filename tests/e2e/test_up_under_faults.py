"""``up --faults``: the first run under a plan, and an exit code that is worth something.

In every test run, one that met its whole plan is in ``test_local_commands.py``, and one that did not in ``test_up_on_emulators.py``.
"""

import json
from pathlib import Path

import pytest

from devtools.local.run import folder_of
from tests.e2e.environment import free_offset
from tests.e2e.local_runs import DEVTOOLS, command, forget, free_again
from tests.e2e.processes import run

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


@pytest.mark.long
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
    up = ("up", "--once", "--port-offset", str(offset), "--faults")
    (tmp_path / "half.json").write_text('{"name": "half"')

    nowhere = await command(*up, str(tmp_path / "nowhere.json"))
    half = await command(*up, str(tmp_path / "half.json"))
    elsewhere = await command(*up, str(written(tmp_path, {"at": "azure-openai", "kind": "drop", "calls": 1})))
    unable = await command(*up, str(written(tmp_path, {"at": "cosmos", "kind": "malformed", "calls": 1})))

    assert nowhere == (1, "", f"up: the fault plan {tmp_path / 'nowhere.json'} cannot be read: No such file or directory")
    assert half[:2] == (1, "")
    assert half[2].startswith("up: the fault plan half.json is none: ")
    assert len(half[2].splitlines()) == 1
    assert elsewhere == (
        1,
        "",
        "up: azure-openai: drop on * *: such a run can do faults at blob, cosmos, gdrive, host, issuer, salesforce, service-bus, slack",
    )
    assert unable[2].startswith("up: cosmos: malformed on * *: this stand-in can do clock-moved, ")
    assert not folder_of(offset).exists()
