"""What the pretend Azure OpenAI does wrong on command: each form is an error of ours, or none, and happens as its plan says."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from devtools.fakes.metrics import InMemoryMetrics
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.vendors.azure_openai.faults import ABILITIES
from devtools.vendors.azure_openai.service import PretendAzureOpenAi
from devtools.vendors.azure_openai.vectors import vector_of
from shared.embeddings.azure_openai import AzureOpenAiModel
from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError, RateLimited
from shared.http.client import http_client
from tests.integration.embedding_model import SPACE, model_of

pytestmark = pytest.mark.integration


@pytest.fixture
async def resource() -> AsyncIterator[PretendAzureOpenAi]:
    async with PretendAzureOpenAi(deployments={"small": "text-embedding-3-small"}, keys=["the-key"]) as resource:
        yield resource


def fault(kind: Kind, **said: Any) -> Fault:
    return Fault(at="azure-openai", kind=kind, operation="embeddings", target="small", calls=1, **said)


FAULTS: list[tuple[Fault, type[PipelineError], float | None]] = [
    (fault(Kind.REFUSE, status=429), RateLimited, 7.0),
    (fault(Kind.REFUSE, status=429, retry_after_seconds=3), RateLimited, 3.0),
    (fault(Kind.REFUSE, status=429, retry_after_seconds=6.543, variant="milliseconds"), RateLimited, 6.543),
    (fault(Kind.REFUSE, status=429, retry_after_seconds=9, variant="date"), RateLimited, 9.0),
    (fault(Kind.REFUSE, status=500), DependencyUnavailable, None),
    (fault(Kind.REFUSE, status=503, variant="html"), DependencyUnavailable, None),
    (fault(Kind.TIMEOUT), DependencyUnavailable, None),
    (fault(Kind.DELAY, seconds=60), DependencyUnavailable, None),
    (fault(Kind.DELAY, seconds=60, variant="trickle"), DependencyUnavailable, None),
    (fault(Kind.DROP), DependencyUnavailable, None),
    (fault(Kind.MALFORMED), DependencyUnavailable, None),
    (fault(Kind.MALFORMED, variant="maintenance-page"), DependencyUnavailable, None),
    (fault(Kind.MALFORMED, variant="one-too-few"), DependencyUnavailable, None),
    (fault(Kind.MALFORMED, variant="wrong-dimensions"), DependencyUnavailable, None),
]


@pytest.mark.parametrize(("planned", "expected", "retry_after_seconds"), FAULTS, ids=[one.summary for one, *_ in FAULTS])
async def test_a_fault_is_our_error_and_the_next_call_is_served(
    planned: Fault, expected: type[PipelineError], retry_after_seconds: float | None, resource: PretendAzureOpenAi
) -> None:
    resource.faults.add(planned)

    async with model_of(resource, answer_seconds=0.3) as model:
        with pytest.raises(PipelineError) as raised:
            await model.encode(["secret"])
        after = await model.encode(["fine"])

    assert type(raised.value) is expected
    assert getattr(raised.value, "retry_after_seconds", None) == retry_after_seconds
    assert "secret" not in str(raised.value)
    assert after == [vector_of("fine", dimensions=8)]
    assert resource.faults.fired == {planned: 1}


def test_everything_that_it_can_do_wrong_has_its_error() -> None:
    tried = {(one.kind, one.variant) for one, *_ in FAULTS}

    assert tried == {(kind, variant) for kind in ABILITIES for variant in (None, *ABILITIES[kind])} - {(Kind.REORDER, None)}


async def test_the_order_of_the_answer_does_not_matter(resource: PretendAzureOpenAi) -> None:
    resource.faults.add(fault(Kind.REORDER))

    async with model_of(resource) as model:
        vectors = await model.encode(["a", "b", "c"])

    assert vectors == [vector_of(text, dimensions=8) for text in "abc"]
    assert resource.faults.count(Kind.REORDER) == 1


async def test_one_text_has_no_order_that_could_be_wrong(resource: PretendAzureOpenAi) -> None:
    resource.faults.add(fault(Kind.REORDER))

    async with model_of(resource) as model:
        await model.encode(["a"])

    assert resource.faults.count(Kind.REORDER) == 0


@pytest.mark.parametrize("variant", [None, "trickle"])
async def test_an_answer_that_is_late_is_the_right_one(variant: str | None, resource: PretendAzureOpenAi) -> None:
    resource.faults.add(fault(Kind.DELAY, seconds=0.1, variant=variant))

    async with model_of(resource) as model:
        began = asyncio.get_running_loop().time()
        vectors = await model.encode(["a"])

    assert vectors == [vector_of("a", dimensions=8)]
    assert asyncio.get_running_loop().time() - began >= 0.1
    assert resource.ledger.statuses() == [200]


async def test_another_deployment_and_a_bad_request_meet_nothing(resource: PretendAzureOpenAi) -> None:
    resource.faults.add(Fault(at="azure-openai", kind=Kind.TIMEOUT, target="large", share=1.0), fault(Kind.REFUSE, status=500))

    async with model_of(resource) as model, model_of(resource, key="another-key") as stranger:
        with pytest.raises(ConfigurationError):
            await stranger.encode(["a"])
        with pytest.raises(DependencyUnavailable):
            await model.encode(["a"])
        await model.encode(["a"])

    assert resource.ledger.statuses() == [401, 500, 200]


async def test_the_seed_decides_which_calls_meet_a_fault_and_the_same_seed_decides_the_same() -> None:
    met = [await statuses_under(seed) for seed in (1, 1, 2)]

    assert met[0] == met[1] != met[2]
    assert {200, 503} == set(met[0])


async def statuses_under(seed: int) -> list[int | None]:
    """Of forty calls, of which half are refused."""
    faults = Injector("azure-openai", ABILITIES, faults=[Fault(at="azure-openai", kind=Kind.REFUSE, status=503, share=0.5)], seed=seed)
    deployments = {"small": "text-embedding-3-small"}
    async with PretendAzureOpenAi(deployments=deployments, keys=["the-key"], faults=faults) as resource, model_of(resource) as model:
        for _ in range(40):
            with suppress(DependencyUnavailable):
                await model.encode(["a"])
        return resource.ledger.statuses()


async def test_by_itself_it_obeys_a_plan_and_writes_down_what_happened(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="one error", faults=(fault(Kind.REFUSE, status=500),)).write(plan)
    program = [sys.executable, "-m", "devtools.vendors.azure_openai", "--port", "0", "--deployment", "small=text-embedding-3-small"]
    process = await asyncio.create_subprocess_exec(*program, "--faults", str(plan), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = (await process.stdout.readline()).decode()
    endpoint = ready.removeprefix("azure openai: ready on ").removesuffix(", key pretend-key\n")

    async with http_client() as client:
        metrics = InMemoryMetrics()
        model = AzureOpenAiModel(client=client, endpoint=endpoint, deployment="small", space=SPACE, metrics=metrics, api_key="pretend-key")
        with pytest.raises(DependencyUnavailable):
            await model.encode(["a"])
        await model.encode(["a"])
    process.terminate()
    rest, _ = await process.communicate()

    assert rest.decode() == "azure openai: 1 × 200, 1 × 500; 1 texts\n"
    assert Report.read(plan).by_kind == {"refuse": 1}
