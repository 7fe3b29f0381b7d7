"""What a stored vector weighs, and what rounding it to whole numbers does to a cosine.

Bytes are those of the JSON that Cosmos DB's client sends. The vectors of 384 dimensions are MiniLM's own; those of 1,536 are random in
every direction alike, which is nearly the worst case: a real one has a few long components, and all others get fewer digits.
"""

import json
import math
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from benchmarks.measurement import goal
from shared.embeddings.offline.minilm import MiniLm
from shared.storage.chunk_store import LARGEST, whole_numbers

MOST_BYTES: Final = 12_900
MOST_ERROR: Final = 1e-6


def measure(encoder: MiniLm, texts: Sequence[str]) -> dict[str, Any]:
    """Over these texts, and as many random vectors."""
    rng = Random(20)
    drawn = [[rng.gauss(0, 1) for _ in range(1536)] for _ in texts]
    spaces = {"1536": _measured([_scaled(vector) for vector in drawn]), "384": _measured(encoder.encode_now(texts))}
    return {
        "vectors": len(texts),
        "largest": LARGEST,
        "spaces": spaces,
        "goals": [
            goal("bytes of a vector of 1,536 dimensions", spaces["1536"]["bytes_most"], at_most=MOST_BYTES),
            *(goal(f"error of a cosine, {name} dimensions", space["error_most"], at_most=MOST_ERROR) for name, space in spaces.items()),
        ],
    }


def _measured(vectors: Sequence[Sequence[float]]) -> dict[str, Any]:
    stored = [whole_numbers(vector) for vector in vectors]
    sizes = sorted(len(_json(vector)) for vector in stored)
    pairs = [(first, (first * 7 + 1) % len(vectors)) for first in range(len(vectors))]
    errors = [abs(_cosine(vectors[one], vectors[other]) - _cosine(stored[one], stored[other])) for one, other in pairs]
    return {
        "bytes_median": sizes[len(sizes) // 2],
        "bytes_most": sizes[-1],
        "bytes_as_floats": sorted(len(_json(vector)) for vector in vectors)[len(vectors) // 2],
        "error_most": float(f"{max(errors):.1e}"),
        "angle_to_itself_most": float(f"{max(abs(1 - _cosine(*both)) for both in zip(vectors, stored, strict=True)):.1e}"),
    }


def _json(vector: Sequence[float]) -> str:
    return json.dumps(vector, separators=(",", ":"))


def _scaled(vector: Sequence[float]) -> list[float]:
    length = math.hypot(*vector)
    return [value / length for value in vector]


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return product / math.sqrt(math.fsum(a * a for a in one)) / math.sqrt(math.fsum(b * b for b in other))
