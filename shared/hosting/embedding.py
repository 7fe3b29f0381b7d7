"""Which model makes a deployment's vectors, and where they are: decided by the settings, and on a development machine by what is there.

Both apps of a deployment, and every process of them, have to come to the same answer: the pipeline asks for chunks of this space and search
looks into its container.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import ConfigurationError
from shared.topology import LEXICAL, MINILM, SPACES, Space

if TYPE_CHECKING:
    import httpx2

    from shared.embeddings.embedder import Model
    from shared.settings import EmbeddingSettings
    from shared.telemetry.metrics import Metrics


def space_of(settings: "EmbeddingSettings") -> Space:
    """The space of the settings.

    Raises:
        ConfigurationError: there is no container for such vectors.
    """
    if settings.offline:
        from shared.embeddings.offline.package import find_weights

        return MINILM if find_weights() else LEXICAL
    for space in SPACES:
        if (space.model, space.dimensions) == (settings.model, settings.dimensions):
            return space
    known = ", ".join(space.name for space in SPACES if space not in (MINILM, LEXICAL))
    raise ConfigurationError(
        f"EMBEDDING_MODEL or EMBEDDING_DIMENSIONS: there is no container for {settings.model}-{settings.dimensions}, only for {known}"
    )


def model_of(
    settings: "EmbeddingSettings",
    *,
    http: Callable[[], "httpx2.AsyncClient"],
    identity_token: Callable[[str], Awaitable[str]],
    metrics: "Metrics",
) -> "Model":
    """The model of the settings. An offline one is loaded when the first text comes.

    Raises:
        ConfigurationError: the settings name no model that there is.
    """
    space = space_of(settings)
    if settings.azure_openai_endpoint is None:
        return _offline_model()

    from shared.embeddings.azure_openai import TOKEN_SCOPE, AzureOpenAiModel

    key = settings.azure_openai_api_key
    return AzureOpenAiModel(
        client=http(),
        endpoint=settings.azure_openai_endpoint,
        deployment=settings.azure_openai_deployment or settings.model,
        space=space,
        metrics=metrics,
        api_key=key.get_secret_value() if key else None,
        token=None if key else partial(identity_token, TOKEN_SCOPE),
    )


def _offline_model() -> "Model":
    from shared.embeddings.offline.package import find_weights

    weights = find_weights()
    if weights is None:
        from shared.embeddings.lexical import LexicalModel

        return LexicalModel()
    from shared.embeddings.offline.model import OfflineModel

    return OfflineModel(weights)
