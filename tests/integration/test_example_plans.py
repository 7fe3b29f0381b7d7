"""The example of a plan that no local run can carry out, for its stand-ins are no part of one, is carried out here."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from devtools.faults.places import injector_of
from devtools.faults.report import Report
from devtools.vendors.azure_openai.faults import ABILITIES, AT, PLACES
from devtools.vendors.azure_openai.service import PretendAzureOpenAi
from devtools.vendors.azure_openai.vectors import vector_of
from devtools.vendors.salesforce.__main__ import main
from shared.errors import PipelineError
from tests.integration.embedding_model import model_of
from tests.integration.salesforce_receiver import Receiver, listening

pytestmark = pytest.mark.integration

EXAMPLE = Path(__file__).parents[2] / "devtools" / "faults" / "plans" / "slow-vendors.json"


async def embedded_in_spite_of(plan: Path, *, texts: int) -> None:
    faults = injector_of(AT, ABILITIES, PLACES, plan)
    async with (
        PretendAzureOpenAi(deployments={"small": "text-embedding-3-small"}, keys=["the-key"], faults=faults) as resource,
        model_of(resource) as model,
    ):
        left = [f"text {number}" for number in range(texts)]
        while left:
            with suppress(PipelineError):
                assert await model.encode([left[-1]]) == [vector_of(left[-1], dimensions=8)]
                left.pop()
    faults.close()


async def test_slow_vendors_are_slow_busy_and_wrong_and_everything_arrives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.json"
    shutil.copy(EXAMPLE, plan)

    await embedded_in_spite_of(plan, texts=6)
    async with listening(Receiver()) as receiver:
        arguments = ["--url", receiver.url, "--seed", "7", "--accounts", "150", "--contacts", "150", "--opportunities", "150"]
        exit_code = await asyncio.to_thread(main, [*arguments, "--faults", str(plan)])

    report = Report.read(plan)
    assert exit_code == 0
    assert "450 notifications" in capsys.readouterr().out
    assert [fault.summary for fault in report.never_fired] == []
