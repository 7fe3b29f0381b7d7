"""The pretend Azure OpenAI satisfies a client that nobody here wrote: Microsoft's recommended one, the openai package."""

from collections.abc import AsyncIterator

import openai
import pytest

from devtools.faults.plan import Fault, Kind
from devtools.vendors.azure_openai.service import PretendAzureOpenAi
from devtools.vendors.azure_openai.vectors import vector_of

pytestmark = pytest.mark.integration


@pytest.fixture
async def resource() -> AsyncIterator[PretendAzureOpenAi]:
    async with PretendAzureOpenAi(deployments={"small": "text-embedding-3-small"}, keys=["the-key"], tokens=["the-token"]) as resource:
        yield resource


def client_of(resource: PretendAzureOpenAi, *, api_key: str | None = "the-key", token: str | None = None) -> openai.AsyncAzureOpenAI:
    return openai.AsyncAzureOpenAI(
        azure_endpoint=resource.endpoint, api_version="2024-10-21", api_key=api_key, azure_ad_token=token, max_retries=1
    )


async def test_it_reads_both_encodings_the_same(resource: PretendAzureOpenAi) -> None:
    async with client_of(resource) as client:
        packed = await client.embeddings.create(model="small", input=["a", "b"], dimensions=8)
        plain = await client.embeddings.create(model="small", input=["a", "b"], dimensions=8, encoding_format="float")

    assert [asked.encoding_format for asked in resource.ledger.asked] == ["base64", "float"]
    expected = [list(vector_of(text, dimensions=8)) for text in "ab"]
    assert [item.embedding for item in packed.data] == [item.embedding for item in plain.data] == expected
    assert packed.usage.total_tokens == 2


async def test_it_is_let_in_by_a_token(resource: PretendAzureOpenAi) -> None:
    async with client_of(resource, api_key=None, token="the-token") as client:
        await client.embeddings.create(model="small", input="a")

    assert [asked.authorized_by for asked in resource.ledger.asked] == ["token"]


async def test_it_knows_the_errors(resource: PretendAzureOpenAi) -> None:
    async with client_of(resource) as client, client_of(resource, api_key="another") as stranger:
        with pytest.raises(openai.NotFoundError) as missing:
            await client.embeddings.create(model="none", input="a")
        with pytest.raises(openai.BadRequestError):
            await client.embeddings.create(model="small", input="")
        with pytest.raises(openai.AuthenticationError):
            await stranger.embeddings.create(model="small", input="a")

    assert missing.value.code == "DeploymentNotFound"


async def test_it_comes_back_after_a_server_error(resource: PretendAzureOpenAi) -> None:
    resource.faults.add(Fault(at="azure-openai", kind=Kind.REFUSE, status=500, calls=1))

    async with client_of(resource) as client:
        await client.embeddings.create(model="small", input="a")

    assert resource.ledger.statuses() == [500, 200]
