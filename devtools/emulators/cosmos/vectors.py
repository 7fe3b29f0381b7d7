"""Vectors and the three ways to compare them.

With NumPy where it is installed, in plain Python where it is not; both in double precision, whatever the policy's data type says, so a
score may differ from the service's from about the seventh digit on. Each pair is computed by itself and not as one product of matrices: the
same pair must give the same number on every page of a query, and a product of matrices rounds differently with its shape.
"""

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import mul
from typing import Any, Final, Literal, get_args

from devtools.emulators.cosmos.values import UNDEFINED, Value

Metric = Literal["cosine", "dotproduct", "euclidean"]

METRICS: Final[tuple[Metric, ...]] = get_args(Metric)
LARGEST_COMPONENT: Final = 3.4028234663852886e38
"""The largest single-precision number: within it nothing here overflows."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How components are kept and combined."""

    kept: Callable[[list[float]], Any]
    dot: Callable[[Any, Any], float]
    apart: Callable[[Any, Any], float]


PLAIN: Final = Arithmetic(list, lambda left, right: float(sum(map(mul, left, right))), math.dist)


@cache
def fastest() -> Arithmetic:
    """NumPy's arithmetic, or the plain one. Looked for when the first vector is met, so nothing else waits for the import."""
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        return PLAIN
    return Arithmetic(
        lambda components: numpy.array(components, dtype=numpy.float64),
        lambda left, right: float(numpy.dot(left, right)),
        lambda left, right: float(numpy.linalg.norm(left - right)),
    )


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector, ready to be compared. `length` is Euclidean."""

    components: Any
    dimensions: int
    length: float
    arithmetic: Arithmetic

    def compared(self, other: "Vector", metric: Metric) -> Value:
        """The score: for `cosine` and `dotproduct` higher is nearer, for `euclidean` lower. UNDEFINED for the cosine of nothing.

        Both vectors have the same dimensions and arithmetic.
        """
        if metric == "euclidean":
            return self.arithmetic.apart(self.components, other.components)
        product = self.arithmetic.dot(self.components, other.components)
        if metric == "dotproduct":
            return product
        lengths = self.length * other.length
        return max(-1.0, min(1.0, product / lengths)) if lengths else UNDEFINED


def vector_of(value: Value, arithmetic: Arithmetic | None = None) -> Vector | None:
    """The vector in a JSON value; None for anything but a flat, filled array of numbers within single precision."""
    if not isinstance(value, list) or not value or not set(map(type, value)) <= {int, float}:
        return None
    if min(value) < -LARGEST_COMPONENT or max(value) > LARGEST_COMPONENT:
        return None
    chosen = arithmetic or fastest()
    components = chosen.kept(value)
    return Vector(components, len(value), math.sqrt(chosen.dot(components, components)), chosen)
