import asyncio
import itertools
import math
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from shared.embeddings.offline.minilm import MiniLm
from shared.embeddings.offline.model import PART_TOKENS, OfflineModel, parts
from shared.embeddings.offline.package import find_weights
from shared.errors import ConfigurationError
from shared.topology import MINILM


@pytest.fixture(scope="module")
def weights() -> Path:
    folder = find_weights()
    if folder is None:
        pytest.skip("the offline encoder's weights are not installed")
    return folder


@pytest.fixture(scope="module")
def minilm(weights: Path) -> MiniLm:
    return MiniLm(weights)


@pytest.fixture
def model(weights: Path) -> Iterator[OfflineModel]:
    model = OfflineModel(lambda: MiniLm(weights))
    yield model
    model.close()


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_a_vector_is_the_one_sentence_transformers_gives(minilm: MiniLm) -> None:
    [vector] = minilm.encode_now(["This is an example sentence"])

    assert len(vector) == 384
    assert vector[:6] == pytest.approx([0.06765693, 0.06349593, 0.04871314, 0.07930495, 0.03744806, 0.00265273], abs=3e-4)


PARAPHRASES = [
    ("The customer wants to cancel the contract.", "They asked us to end the agreement."),
    ("The meeting has been moved to Thursday.", "We will talk on Thursday instead."),
    ("Revenue grew by a fifth this quarter.", "Sales were up twenty percent in the last three months."),
    ("Who is responsible for the account?", "Which person owns this customer?"),
    ("The server has been down since this morning.", "We have had an outage all day."),
    ("Please send me the invoice.", "Could you forward the bill?"),
]


def test_what_means_the_same_is_nearer_than_what_does_not(minilm: MiniLm) -> None:
    said = minilm.encode_now([one for one, _ in PARAPHRASES])
    put_otherwise = minilm.encode_now([other for _, other in PARAPHRASES])

    nearest = [max(range(len(said)), key=lambda index: cosine(vector, said[index])) for vector in put_otherwise]

    assert nearest == [0, 1, 2, 3, 4, 5]


def test_a_texts_vector_does_not_depend_on_the_texts_beside_it(minilm: MiniLm) -> None:
    texts = [f"deal {number} " + "is signed and " * (number % 12) for number in range(48)]

    together = minilm.encode_now(texts)

    for index in range(0, 48, 7):
        assert cosine(together[index], minilm.encode_now([texts[index]])[0]) > 0.99999


HOSTILE = [
    "",
    " \t\n",
    "\x00\x01\x1b[0m\x7f",
    "\ud83d",
    "👩‍👩‍👧‍👦" * 400,
    "a" * 200_000,
    "word " * 200_000,
    "\u0301" * 5000,
    "\ufffd",
    "[SEP]" * 300,
]


async def test_no_text_is_too_strange_for_a_vector_of_length_one(model: OfflineModel) -> None:
    vectors = await model.encode(HOSTILE)

    assert [len(vector) for vector in vectors] == [MINILM.dimensions] * len(HOSTILE)
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * len(HOSTILE), abs=1e-5)


async def test_vectors_come_in_the_order_of_their_texts(model: OfflineModel, minilm: MiniLm) -> None:
    texts = ["a rather long text about the renewal of a contract", "short", "of middling length", "short"]

    vectors = await model.encode(texts)

    assert vectors == minilm.encode_now(texts)
    assert vectors[1] == pytest.approx(vectors[3], abs=1e-6)


async def test_no_texts_are_no_vectors(model: OfflineModel) -> None:
    assert await model.encode([]) == []


async def test_the_event_loop_goes_on_while_texts_are_encoded(model: OfflineModel) -> None:
    ticks = [time.perf_counter()]
    is_encoding = True

    async def tick() -> None:
        while is_encoding:
            await asyncio.sleep(0.001)
            ticks.append(time.perf_counter())

    ticking = asyncio.create_task(tick())
    await model.encode([f"The renewal of deal {number} was signed by both sides on Thursday" for number in range(200)])
    is_encoding = False
    await ticking

    assert len(ticks) > 50
    assert max(later - earlier for earlier, later in itertools.pairwise(ticks)) < 0.5


async def test_one_text_does_not_wait_for_all_of_anothers_hundreds(model: OfflineModel) -> None:
    await model.encode(["the weights are read"])
    many = asyncio.create_task(model.encode(["the renewal was signed by both sides " * 5] * 300))
    await asyncio.sleep(0)

    await model.encode(["where is the contract?"])

    assert not many.done()
    many.cancel()
    with pytest.raises(asyncio.CancelledError):
        await many


async def test_closing_ends_its_thread(weights: Path) -> None:
    def threads() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("offline-encoder")]

    before = len(threads())
    model = OfflineModel(lambda: MiniLm(weights))
    await model.encode(["hello"])
    assert len(threads()) == before + 1

    model.close()

    assert len(threads()) == before


async def test_weights_that_are_not_ours_are_refused_at_the_first_text_and_not_before(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\n")
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    model = OfflineModel(lambda: MiniLm(tmp_path))

    with pytest.raises(ConfigurationError, match=r"vocab\.txt has the SHA-256"):
        await model.encode(["hello"])

    model.close()


def test_texts_of_like_length_go_together_and_never_more_tokens_than_a_part_holds() -> None:
    tokens = [[0] * length for length in [200, 3, 256, 3, 100] * 30]

    found = list(parts(tokens))

    assert sorted(itertools.chain.from_iterable(found)) == list(range(150))
    lengths = [[len(tokens[index]) for index in part] for part in found]
    assert max(map(sum, lengths)) <= PART_TOKENS
    assert [length for part in lengths for length in part] == [3] * 60 + [100] * 30 + [200] * 30 + [256] * 30
