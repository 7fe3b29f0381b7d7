"""What it takes to find the names in a text of 500 characters, and to hold the names: invented names, always the same."""

import random
import statistics
import time
import tracemalloc
from collections.abc import Sequence
from typing import Any, Final

from benchmarks.measurement import say
from processors.enrichment.names.index import NameIndex
from processors.enrichment.names.normal import normal_name, words_in

SIZES: Final = (1_000, 10_000, 50_000, 100_000)
TEXTS: Final = 300
_CHARACTERS: Final = 500
_STARTS: Final = """
ba be bo da de do fa fe fo ga ge go ha he ho ka ke ko la le lo ma me mo na ne no pa pe po ra re ro sa se so ta te to va ve vo
"""
_ENDS: Final = """
bern burg dahl feld fors gard ham holm kamp lund mark mond nau ring rup sen stad stein ston ström thal tin vik wald wick zell
"""
_KINDS: Final = """
Optics Freight Bakeries Analytics Dental Glass Hydraulics Components Holding Group Services Energy Foods Systems
"""
_FORMS: Final = """
Inc GmbH Ltd AB plc BV SA
"""
_PROSE: Final = """
we met with the team about their renewal in the spring and went over the pricing once more please send the contract before Friday and copy
the others on it as always thanks for the quick reply and let me know what is still open on our side before the call with Legal next week
"""


def measure() -> list[dict[str, Any]]:
    """One row for each number of names."""
    return [_row(size) for size in SIZES]


def _row(size: int) -> dict[str, Any]:
    say(f"linking: looking up {size} names")
    rng = random.Random(size)
    names = [_name(rng) for _ in range(size)]
    index = NameIndex()
    tracemalloc.start()
    normal = [normal_name(name) for name in names]
    for number, words_of_name in enumerate(normal):
        index.put(f"{number:032x}", "c_account", [words_of_name])
    del normal
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.perf_counter()
    again = NameIndex()
    for number, name in enumerate(names):
        again.put(f"{number:032x}", "c_account", [normal_name(name)])
    built = time.perf_counter() - began
    texts = [_text(rng, names) for _ in range(TEXTS)]
    read, exact, both = [], [], []
    for text in texts:
        started = time.perf_counter()
        words = words_in(text)
        has_words = time.perf_counter()
        index.named_in(words, fuzzy=False)
        is_exact = time.perf_counter()
        index.named_in(words, fuzzy=True)
        is_done = time.perf_counter()
        read.append(has_words - started)
        exact.append(is_exact - has_words)
        both.append(is_done - is_exact)
    return {
        "names": size,
        "build_s": round(built, 2),
        "megabytes": round(held / 1e6, 1),
        "words_ms": _milliseconds(read),
        "exact_ms": _milliseconds(exact),
        "both_ms": _milliseconds(both),
        "both_p95_ms": round(1000 * sorted(both)[int(0.95 * len(both))], 3),
    }


def _milliseconds(seconds: Sequence[float]) -> float:
    return round(1000 * statistics.median(seconds), 3)


def _name(rng: random.Random) -> str:
    words = [_word(rng) for _ in range(rng.choice((1, 1, 2)))]
    return " ".join((*words, rng.choice(_KINDS.split()), rng.choice(_FORMS.split())))


def _word(rng: random.Random) -> str:
    return "".join((*rng.choices(_STARTS.split(), k=rng.choice((2, 3))), rng.choice(_ENDS.split()))).title()


def _text(rng: random.Random, names: Sequence[str]) -> str:
    """Prose with one name as it is, one with a slip of the pen, and one that is no anchor's."""
    words = rng.choices(_PROSE.split(), k=90)
    written, slipped = rng.sample(names, 2)
    cut = rng.randrange(1, len(slipped.split()[0]))
    for name in (written.rsplit(" ", 1)[0], slipped[:cut] + slipped[cut + 1 :], _name(rng)):
        words.insert(rng.randrange(60), name)
    return " ".join(words)[:_CHARACTERS]
