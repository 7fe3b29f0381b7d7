"""What embedding costs: the worker beside the bare encoder, what is embedded twice, whom it keeps waiting, and what a vector weighs."""

from typing import Any

from benchmarks import embedding_once, ping, vector_bytes, worker
from benchmarks.measurement import say
from shared.embeddings.offline.minilm import MiniLm
from shared.embeddings.offline.package import find_weights


async def measure(*, texts: int, rounds: int, records: int, pinged_texts: int) -> dict[str, Any]:
    """Each part's figures, and their goals together.

    Raises:
        RuntimeError: the offline encoder's weights are not installed.
    """
    weights = find_weights()
    if weights is None:
        raise RuntimeError("the offline encoder's weights are not installed: scripts/setup")
    encoder = MiniLm(weights)
    parts = {"worker": await worker.measure(encoder, texts=texts, rounds=rounds)}
    say("vectors: bytes and rounding")
    parts["vectors"] = vector_bytes.measure(encoder, worker.some_texts(100))
    parts["once"] = await embedding_once.measure(records)
    parts["ping"] = await ping.measure(pinged_texts)
    return {"goals": [line for part in parts.values() for line in part.pop("goals")], **parts}
