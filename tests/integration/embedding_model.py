"""Our client of Azure OpenAI, as the tests of the pretend resource use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from devtools.fakes.metrics import InMemoryMetrics
from devtools.vendors.azure_openai.service import PretendAzureOpenAi
from shared.embeddings.azure_openai import AzureOpenAiModel
from shared.http.client import http_client
from shared.topology import Space

SPACE: Final = Space("text-embedding-3-small", 8)


@asynccontextmanager
async def model_of(
    resource: PretendAzureOpenAi, *, deployment: str = "small", key: str = "the-key", answer_seconds: float = 30.0
) -> AsyncIterator[AzureOpenAiModel]:
    async with http_client() as client:
        yield AzureOpenAiModel(
            client=client,
            endpoint=resource.endpoint,
            deployment=deployment,
            space=SPACE,
            metrics=InMemoryMetrics(),
            api_key=key,
            answer_seconds=answer_seconds,
        )
