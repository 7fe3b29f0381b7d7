"""Our client of Azure OpenAI against the pretend resource, over real connections: and the gathering embedder on top."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from devtools.fakes.metrics import InMemoryMetrics
from devtools.vendors.azure_openai.__main__ import main
from devtools.vendors.azure_openai.service import PretendAzureOpenAi
from devtools.vendors.azure_openai.vectors import vector_of
from shared.embeddings.azure_openai import AzureOpenAiModel
from shared.embeddings.gathering import GatheringEmbedder
from shared.errors import ConfigurationError, DependencyUnavailable, RequestRefused
from shared.http.client import http_client
from shared.telemetry.names import Metric
from tests.integration.embedding_model import SPACE, model_of

pytestmark = pytest.mark.integration


@pytest.fixture
async def resource() -> AsyncIterator[PretendAzureOpenAi]:
    deployments = {"small": "text-embedding-3-small"}
    async with PretendAzureOpenAi(deployments=deployments, keys=["the-key"], tokens=["the-token"]) as resource:
        yield resource


async def test_every_text_gets_its_own_vector(resource: PretendAzureOpenAi) -> None:
    texts = ["one", "", "drei", "četiri", "五", "\N{WAVING HAND SIGN}"]

    async with model_of(resource) as model:
        vectors = await model.encode(texts)

    assert vectors == [vector_of(text or " ", dimensions=8) for text in texts]
    [asked] = resource.ledger.asked
    assert (asked.deployment, asked.api_version, asked.authorized_by) == ("small", "2024-10-21", "key")
    assert (asked.dimensions, asked.encoding_format) == (8, "base64")


async def test_an_identity_is_let_in_by_its_token(resource: PretendAzureOpenAi) -> None:
    async def token() -> str:
        return "the-token"

    metrics = InMemoryMetrics()
    async with http_client() as client:
        model = AzureOpenAiModel(client=client, endpoint=resource.endpoint, deployment="small", space=SPACE, metrics=metrics, token=token)
        await model.encode(["four bytes each"])

    assert resource.ledger.asked[0].authorized_by == "token"
    assert metrics.total(Metric.EMBEDDING_TOKENS) == 4


async def test_as_many_texts_as_a_request_may_have_go_in_one(resource: PretendAzureOpenAi) -> None:
    async with model_of(resource) as model:
        vectors = await model.encode([f"text {number}" for number in range(2049)])

    assert len(vectors) == 2049
    assert [len(asked.texts) for asked in resource.ledger.asked] == [2048, 1]
    assert resource.ledger.statuses() == [200, 200]


async def test_a_wrong_key_and_a_wrong_deployment_are_wrong_settings(resource: PretendAzureOpenAi) -> None:
    async with model_of(resource, key="another-key") as stranger, model_of(resource, deployment="none") as lost:
        with pytest.raises(ConfigurationError, match="answered 401"):
            await stranger.encode(["a"])
        with pytest.raises(ConfigurationError, match="answered 404"):
            await lost.encode(["a"])


async def test_a_resource_nobody_listens_at_is_away() -> None:
    resource = PretendAzureOpenAi(deployments={"small": "text-embedding-3-small"})
    await resource.start()
    await resource.stop()

    async with model_of(resource) as model:
        with pytest.raises(DependencyUnavailable, match="no answer"):
            await model.encode(["a"])


async def test_a_text_that_is_too_long_fails_its_own_caller_only(resource: PretendAzureOpenAi) -> None:
    too_long = "x" * 40_000
    texts = [f"text {number}" for number in range(7)]
    async with model_of(resource) as model:
        embedder = GatheringEmbedder(model, metrics=InMemoryMetrics(), batch_tokens=100_000)

        results = await asyncio.gather(*(embedder.embed([text]) for text in [*texts, too_long]), return_exceptions=True)

    assert results[:-1] == [[vector_of(text, dimensions=8)] for text in texts]
    assert isinstance(results[-1], RequestRefused)


async def test_a_busy_resource_is_asked_once_for_what_many_want(resource: PretendAzureOpenAi) -> None:
    async with model_of(resource) as model:
        embedder = GatheringEmbedder(model, metrics=InMemoryMetrics())

        results = await asyncio.gather(*(embedder.embed([f"text {number % 50}", "the same"]) for number in range(400)))

    assert all(
        result == [vector_of(f"text {number % 50}", dimensions=8), vector_of("the same", dimensions=8)]
        for number, result in enumerate(results)
    )
    assert sorted(resource.ledger.texts()) == sorted({f"text {number}" for number in range(50)} | {"the same"})
    assert len(resource.ledger.asked) <= 2


def test_a_deployment_of_an_unknown_model_is_not_started(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--deployment", "small=unheard-of"])

    assert "the model one of text-embedding-3-small" in capsys.readouterr().err


async def test_it_runs_by_itself_and_says_what_was_asked_of_it() -> None:
    program = [sys.executable, "-m", "devtools.vendors.azure_openai", "--port", "0", "--deployment", "small=text-embedding-3-small"]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = (await process.stdout.readline()).decode()
    endpoint = ready.removeprefix("azure openai: ready on ").removesuffix(", key pretend-key\n")

    async with http_client() as client:
        metrics = InMemoryMetrics()
        model = AzureOpenAiModel(client=client, endpoint=endpoint, deployment="small", space=SPACE, metrics=metrics, api_key="pretend-key")
        vectors = await model.encode(["a", "b"])
    process.terminate()
    rest, _ = await process.communicate()

    assert vectors == [vector_of("a", dimensions=8), vector_of("b", dimensions=8)]
    assert rest.decode() == "azure openai: 1 × 200; 2 texts\n"
    assert process.returncode == 0
