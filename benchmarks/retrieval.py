"""Whether an encoder finds meaning: our own queries, each of which says in other words what one text of a collection says.

Every query comes with its answer, with which it shares no content word, and with a distractor, with which it shares at least three and
no meaning. The answers and distractors of all queries are one collection. Counting words puts the distractors first, so nothing can pass
for an encoder of meaning without being one. The rule of the set is ``content_words``; tests hold the set to it.

The set is ours, in one domain and one language: a figure for comparing encoders and for finding broken ones, not for leader boards. It was
tuned against MiniLM, by rewriting texts that a person could also have taken for the answer of another query.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from typing import Any, Final

from shared.embeddings.embedder import Model, Vector

FILE: Final = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "paraphrases.json"

_STOP_WORDS: Final = """
a about above after again against all also am among an and another any are around as at away
be because been before behind being below between both but by can cannot could did do does doing done down during
each either else ever every few for from further get gets got had has have having he her here hers him his how
i if in into is it its itself just may me might mine more most much must my neither no nor not now
of off on once one only onto or other our ours ourselves out over own per quite rather
same shall she should since so some somebody such than that the their theirs them themselves then there these they
this those though through to too toward two under until up upon us very via
was we were what when where whether which while who whom whose why will with within without would
yes yet you your yours
"""
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())
_FIRST_NAMES: Final = ("Amber", "Birch", "Copper", "Drift", "Ember", "Fjord", "Granite", "Harbour", "Juniper", "Kestrel")
_SECOND_NAMES: Final = ("Analytics", "Bakeries", "Components", "Dental", "Freight", "Glass", "Hydraulics", "Optics")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """One query, the text that answers it, and the one that only looks like it."""

    query: str
    answer: str
    distractor: str


def paraphrases() -> list[Paraphrase]:
    """The set."""
    return [Paraphrase(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))]


def named(entries: Sequence[Paraphrase], *, in_texts: bool, in_queries: bool) -> list[Paraphrase]:
    """The set as it would be of records with names: in front of the texts, behind the queries, or both. They are no company's."""
    names = [f"{first} {second}" for second in _SECOND_NAMES for first in _FIRST_NAMES]

    def text(own: str, number: int) -> str:
        return f"Opportunity: {names[number]} – renewal\n{own}" if in_texts else own

    return [
        Paraphrase(
            f"{entry.query} {names[number]}" if in_queries else entry.query,
            text(entry.answer, number),
            text(entry.distractor, len(entries) + number),
        )
        for number, entry in enumerate(entries)
    ]


def content_words(text: str) -> set[str]:
    """The words of a text in lower case, without stop words. Words are equal or not: ``sell`` and ``sells`` are two."""
    return {word for word in _WORD.findall(text.casefold()) if word not in STOP_WORDS}


async def answer_ranks(model: Model, entries: Sequence[Paraphrase]) -> list[int]:
    """Where each query's answer comes among all answers and distractors, by the angle of their vectors; the best is 1.

    A text that is just as near as the answer comes before it, so an encoder that cannot tell texts apart is last everywhere.
    """
    collection = [entry.answer for entry in entries] + [entry.distractor for entry in entries]
    texts = [_unit(vector) for vector in await model.encode(collection)]
    queries = [_unit(vector) for vector in await model.encode([entry.query for entry in entries])]
    ranks = []
    for index, query in enumerate(queries):
        nearness = [sum(map(mul, query, text)) for text in texts]
        ranks.append(sum(near >= nearness[index] for near in nearness))
    return ranks


def mean_reciprocal_rank(ranks: Sequence[int]) -> float:
    """1 when every answer is first, 0.5 when every answer is second."""
    return math.fsum(1 / rank for rank in ranks) / len(ranks)


async def measure_names(model: Model) -> list[dict[str, Any]]:
    """What a record's name in front of each passage is worth to one model: asked without the name, and with it."""
    rows = []
    for in_queries in (False, True):
        row: dict[str, Any] = {"is_name_asked_for": in_queries}
        for key, in_texts in (("bare", False), ("named", True)):
            ranks = await answer_ranks(model, named(paraphrases(), in_texts=in_texts, in_queries=in_queries))
            row[key] = round(mean_reciprocal_rank(ranks), 3)
        rows.append(row)
    return rows


async def measure(model: Model) -> dict[str, Any]:
    """The figures of one model."""
    ranks = await answer_ranks(model, paraphrases())
    return {
        "space": model.space.name,
        "queries": len(ranks),
        "texts": 2 * len(ranks),
        "mean_reciprocal_rank": round(mean_reciprocal_rank(ranks), 3),
        "top_1": ranks.count(1),
    }


def _unit(vector: Vector) -> list[float]:
    length = math.hypot(*vector)
    return [number / length for number in vector]
