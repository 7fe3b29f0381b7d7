"""Which model makes a deployment's vectors."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from devtools.fakes.metrics import InMemoryMetrics
from shared.embeddings.azure_openai import AzureOpenAiModel
from shared.embeddings.lexical import LexicalModel
from shared.embeddings.offline.model import OfflineModel
from shared.embeddings.offline.package import FOLDER, TENSORS, VOCABULARY, find_weights
from shared.errors import ConfigurationError, DependencyUnavailable
from shared.hosting.embedding import model_of, space_of
from shared.settings import EmbeddingSettings, Settings
from shared.topology import LEXICAL, MINILM, SPACES

ENDPOINT = "https://models.example"
DEPLOYED = {
    "SERVICE_BUS__fullyQualifiedNamespace": "bus.example",
    "COSMOS__accountEndpoint": "https://cosmos.example",
    "BLOB__blobServiceUri": "https://blobs.example",
    "EMBEDDING_AZURE_OPENAI_ENDPOINT": ENDPOINT,
    "AUTH_ISSUER": "https://issuer.example",
    "AUTH_AUDIENCE": "api://shardline",
    "AUTH_JWKS_URL": "https://issuer.example/keys",
}
OFFLINE = EmbeddingSettings(offline=True)


async def no_identity(scope: str) -> str:
    raise AssertionError("nobody asked for an identity")


def no_client() -> httpx2.AsyncClient:
    raise AssertionError("nobody asked for a client")


def hosted(**settings: object) -> EmbeddingSettings:
    return EmbeddingSettings.model_validate({"azure_openai_endpoint": ENDPOINT, **settings})


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a machine on which only so much of the offline encoder is installed."""

    def install(*files: str) -> Path:
        for file in files:
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        monkeypatch.setattr(sys, "path", [str(tmp_path / "no-such-folder"), str(tmp_path)])
        return tmp_path / FOLDER

    return install


ARRAYS = "numpy/__init__.py"
WEIGHTS = str(FOLDER / TENSORS)
WORDS = str(FOLDER / VOCABULARY)


async def test_an_endpoint_means_azure_openai_in_the_space_of_the_settings() -> None:
    asked: list[httpx2.Request] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(503)

    settings = hosted(azure_openai_api_key=SecretStr("a-key"))
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse)) as client:
        model = model_of(settings, http=lambda: client, identity_token=no_identity, metrics=InMemoryMetrics())
        with pytest.raises(DependencyUnavailable):
            await model.encode(["rockets"])

    assert isinstance(model, AzureOpenAiModel)
    assert model.space == space_of(settings) == SPACES[0]
    assert (model.space.name, model.space.quality) == ("text-embedding-3-small-1536", "semantic")
    [request] = asked
    assert (request.url.host, request.url.path) == ("models.example", "/openai/deployments/text-embedding-3-small/embeddings")
    assert request.headers["api-key"] == "a-key"


async def test_without_a_key_the_deployments_identity_is_asked_for_a_token() -> None:
    asked: list[httpx2.Request] = []
    scopes: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(503)

    async def identity(scope: str) -> str:
        scopes.append(scope)
        return "a-token"

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse)) as client:
        model = model_of(
            hosted(azure_openai_deployment="our-own-name"), http=lambda: client, identity_token=identity, metrics=InMemoryMetrics()
        )
        with pytest.raises(DependencyUnavailable):
            await model.encode(["rockets"])

    [request] = asked
    assert scopes == ["https://cognitiveservices.azure.com/.default"]
    assert request.headers["authorization"] == "Bearer a-token"
    assert "api-key" not in request.headers
    assert request.url.path == "/openai/deployments/our-own-name/embeddings"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("EMBEDDING_MODEL", "text-embedding-3-large"), ("EMBEDDING_DIMENSIONS", "512"), ("EMBEDDING_MODEL", "text-embedding-3-small ")],
    ids=["model", "dimensions", "space"],
)
def test_vectors_there_is_no_container_for_are_refused_with_those_there_are(variable: str, value: str) -> None:
    environ = {**DEPLOYED, variable: value}

    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ(environ)

    assert "there is no container for EMBEDDING_MODEL and EMBEDDING_DIMENSIONS as they are set" in str(refused.value)
    assert str(refused.value).endswith("only for text-embedding-3-small with 1536")


def test_an_endpoint_alone_is_the_model_most_deployments_have() -> None:
    assert space_of(Settings.from_environ(DEPLOYED).embedding) == SPACES[0]


def test_offline_with_its_weights_is_the_small_model(installed: Callable[..., Path]) -> None:
    folder = installed(ARRAYS, WEIGHTS, WORDS)

    model = model_of(OFFLINE, http=no_client, identity_token=no_identity, metrics=InMemoryMetrics())

    assert isinstance(model, OfflineModel)
    assert find_weights() == folder
    assert model.space == space_of(OFFLINE) == MINILM
    model.close()


@pytest.mark.parametrize("files", [(), (ARRAYS,), (WEIGHTS, WORDS), (ARRAYS, WEIGHTS), (ARRAYS, WORDS)], ids=" ".join)
def test_offline_without_all_of_it_is_lexical_and_says_so(
    files: tuple[str, ...], installed: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    installed(*files)

    model = model_of(OFFLINE, http=no_client, identity_token=no_identity, metrics=InMemoryMetrics())

    assert isinstance(model, LexicalModel)
    assert model.space == space_of(OFFLINE) == LEXICAL
    [record] = caplog.records
    assert (record.levelname, record.__dict__["space"]) == ("WARNING", "lexical-512")


def test_offline_the_names_of_a_hosted_model_count_for_nothing(installed: Callable[..., Path]) -> None:
    installed()

    assert space_of(EmbeddingSettings(offline=True, model="text-embedding-3-large", dimensions=7)) == LEXICAL


async def test_the_thread_of_the_encoder_gives_way_to_all_others() -> None:
    if find_weights() is None:
        pytest.skip("the offline encoder's weights are not installed")
    before = sys.getswitchinterval()
    model = model_of(OFFLINE, http=no_client, identity_token=no_identity, metrics=InMemoryMetrics())
    assert isinstance(model, OfflineModel)

    await model.encode(["Makes rockets."])
    niceness = await model._on_its_thread(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    model.close()
    assert sys.getswitchinterval() < before
    sys.setswitchinterval(before)
    assert niceness - os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == (10 if sys.platform == "linux" else 0)
