"""An index answers by what it holds: putting and removing in any order is the same as building it anew, and nothing stays behind."""

import sys
from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.enrichment.names.index import NameIndex
from processors.enrichment.names.normal import words_in

WORDS = st.sampled_from(["kestrel", "kestrels", "optics", "optiks", "harbour", "harbor", "data", "renewal", "2026", "acme", "schmidt"])
NAMES = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(tuple), max_size=3)
STEPS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["c_account", "c_opportunity"]), NAMES), max_size=25)
TEXTS = st.lists(WORDS.flatmap(lambda word: st.sampled_from([word, word.title()])), max_size=12).map(" ".join)


def built(steps: Sequence[tuple[str, str, list[tuple[str, ...]]]]) -> NameIndex:
    index = NameIndex()
    for anchor_id, group, names in steps:
        if names:
            index.put(anchor_id, group, names)
        else:
            index.remove(anchor_id)
    return index


def held(index: NameIndex) -> list[int]:
    """How much there is in every part of it."""
    parts = [index._anchors, index._names, index._having, *vars(index._gazetteer).values(), *vars(index._near).values()]
    return [*map(len, parts), sum(map(len, index._counts.values()))]


@settings(max_examples=60)
@given(STEPS, st.lists(TEXTS, max_size=4), st.randoms(use_true_random=False))
def test_any_order_is_the_same_as_building_anew(
    steps: list[tuple[str, str, list[tuple[str, ...]]]], texts: list[str], random: Random
) -> None:
    changed = built(steps)
    last = list({anchor_id: (anchor_id, group, names) for anchor_id, group, names in steps}.values())
    random.shuffle(last)
    anew = built([step for step in last if step[2]])

    assert held(changed) == held(anew)
    for text in texts:
        words = words_in(text)
        for is_title in (False, True):
            found = changed.named_in(words, fuzzy=True, is_title=is_title)
            assert found == anew.named_in(words, fuzzy=True, is_title=is_title)
        name = tuple(word.form for word in words)
        assert changed.of_name(name) == anew.of_name(name)


@settings(max_examples=60)
@given(STEPS)
def test_removing_all_leaves_nothing_behind(steps: list[tuple[str, str, list[tuple[str, ...]]]]) -> None:
    index = built(steps)

    for anchor_id in "abcdef":
        index.remove(anchor_id)

    assert set(held(index)) == {0}


@settings(max_examples=60)
@given(st.lists(WORDS.filter(str.isalpha), min_size=1, max_size=4), st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_a_name_is_found_wherever_it_stands_by_itself(name: list[str], before: list[str], after: list[str]) -> None:
    index = built([("a", "c_account", [tuple(name)])])
    written = " ".join(name).title()

    hits = index.named_in(words_in(" ".join(("before", *before, "🤝", written, "🤝", *after))), fuzzy=False)

    assert written.lower() in {hit.text for hit in hits}


def test_a_name_takes_a_few_hundred_bytes() -> None:
    index = NameIndex()
    for number in range(2_000):
        index.put(f"shard{number}", "c_account", [(f"kestrel{number}", "optics", "berlin")])

    parts = [index._anchors, index._names, index._having, *vars(index._gazetteer).values(), *vars(index._near).values()]

    assert sum(map(sys.getsizeof, parts)) < 2_000 * 600
