"""Which model makes a deployment's vectors, and where they are: decided by the settings, and on a development machine by what is there.

Both apps of a deployment, and every process of them, have to come to the same answer: the pipeline asks for chunks of this space and search
looks into its container.
"""

import os
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from shared.errors import ConfigurationError
from shared.topology import LEXICAL, MINILM, Space

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

    from shared.embeddings.embedder import Model
    from shared.embeddings.offline.minilm import MiniLm
    from shared.settings import EmbeddingSettings
    from shared.telemetry.metrics import Metrics


ENCODER_NICENESS: Final = 10
"""Of -20 to 19, as ``nice`` counts."""
SWITCH_SECONDS: Final = 0.0005
"""How long the encoder's thread may keep the interpreter from the event loop, which asks for it anew after each of its system calls."""


def space_of(settings: "EmbeddingSettings") -> Space:
    """The space of the settings.

    Raises:
        ConfigurationError: there is no container for such vectors.
    """
    if settings.offline:
        from shared.embeddings.offline.package import find_weights

        return MINILM if find_weights() else LEXICAL
    if settings.space is None:
        raise ConfigurationError("EMBEDDING_MODEL and EMBEDDING_DIMENSIONS: there is no container for such vectors")
    return settings.space


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
        price_per_million_tokens=settings.price_per_million_tokens,
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

    return OfflineModel(partial(_minilm, weights))


def _minilm(weights: "Path") -> "MiniLm":
    """Called on the encoder's thread: NumPy is imported there, and not while the host waits for an answer.

    The thread, and the threads NumPy makes from it, give way to all others: who asks must not wait for a core that is multiplying.
    """
    if sys.platform == "linux":  # elsewhere a priority is the whole process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), ENCODER_NICENESS)
    sys.setswitchinterval(SWITCH_SECONDS)

    from shared.embeddings.offline.minilm import MiniLm

    return MiniLm(weights)
