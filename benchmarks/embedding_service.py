"""The pretend Azure OpenAI, as the app is told of it. It runs in the benchmark's own process, so that its ledger can be read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from devtools.vendors.azure_openai.service import PretendAzureOpenAi

MODEL: Final = "text-embedding-3-small"
KEY: Final = "pretend-key"


@asynccontextmanager
async def answering() -> AsyncIterator[PretendAzureOpenAi]:
    """One deployment that answers at once."""
    async with PretendAzureOpenAi(deployments={MODEL: MODEL}, keys=[KEY]) as service:
        yield service


def settings_of(service: PretendAzureOpenAi) -> dict[str, str]:
    """The app's settings for it, instead of the offline encoder's."""
    return {
        "EMBEDDING_OFFLINE": "false",
        "EMBEDDING_AZURE_OPENAI_ENDPOINT": service.endpoint,
        "EMBEDDING_AZURE_OPENAI_API_KEY": KEY,
        "EMBEDDING_AZURE_OPENAI_DEPLOYMENT": MODEL,
    }
