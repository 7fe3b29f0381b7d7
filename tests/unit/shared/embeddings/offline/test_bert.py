"""The packed forward pass against the plain one: a small model with made-up weights, a text at a time, in float64, as the paper has it."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.embeddings.offline.bert import HEADS, LAYERS, Bert
from shared.embeddings.offline.weights import Tensor

WIDTH, INNER, WORDS, PLACES = 24, 96, 50, 40
Wide = NDArray[np.float64]


def made_up_tensors() -> dict[str, Tensor]:
    numbers = np.random.default_rng(7)

    def some(*shape: int) -> Tensor:
        return numbers.normal(0, 0.3, shape).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": some(WORDS, WIDTH),
        "embeddings.position_embeddings.weight": some(PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": some(2, WIDTH),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
        linears = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        linears |= {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)}
        for part, shape in linears.items():
            tensors |= {f"{name}.{part}.weight": some(*shape), f"{name}.{part}.bias": some(shape[0])}
    for norm in norms:
        tensors |= {f"{norm}.weight": 1 + some(WIDTH), f"{norm}.bias": some(WIDTH)}
    return tensors


def plain(tensors: dict[str, Tensor], text: list[int]) -> Wide:
    def linear(rows: Wide, name: str) -> Wide:
        return np.asarray(rows @ tensors[f"{name}.weight"].T.astype(np.float64) + tensors[f"{name}.bias"])

    def norm(rows: Wide, name: str) -> Wide:
        spread = np.sqrt(rows.var(axis=1, keepdims=True) + 1e-12)
        return np.asarray((rows - rows.mean(axis=1, keepdims=True)) / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"])

    rows: Wide = tensors["embeddings.word_embeddings.weight"][text].astype(np.float64)
    rows = rows + tensors["embeddings.position_embeddings.weight"][: len(text)] + tensors["embeddings.token_type_embeddings.weight"][0]
    rows = norm(rows, "embeddings.LayerNorm")
    size = WIDTH // HEADS
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        query, key, value = (linear(rows, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = []
        for head in range(HEADS):
            own = slice(head * size, (head + 1) * size)
            weights = np.exp(query[:, own] @ key[:, own].T / math.sqrt(size))
            heads.append(weights / weights.sum(axis=1, keepdims=True) @ value[:, own])
        rows = norm(rows + linear(np.hstack(heads), f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        inner = linear(rows, f"{name}.intermediate.dense")
        inner = 0.5 * inner * (1 + np.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3)))
        rows = norm(rows + linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    mean = rows.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


TEXTS = [[1, 2], [3, 4, 5, 6, 7], [8, 9, 10, 11, 12], [1, 1, 1], [13] * 40, [49], [5, 4, 3, 2, 1]]


def test_the_packed_pass_is_the_plain_one() -> None:
    tensors = made_up_tensors()

    vectors = Bert(tensors).vectors(TEXTS)

    assert vectors == pytest.approx(np.array([plain(tensors, text) for text in TEXTS]), abs=5e-5)


def test_many_texts_of_one_length_are_looked_at_a_few_at_a_time_and_none_is_left_out() -> None:
    tensors = made_up_tensors()
    texts = [[number % WORDS, *range(39)] for number in range(45)]

    vectors = Bert(tensors).vectors(texts)

    assert vectors == pytest.approx(np.array([plain(tensors, text) for text in texts]), abs=5e-5)
