"""Which anchors a text names: whole words only, the longest name at each place, and nearly equal names where names may stand."""

import pytest

from processors.enrichment.names.hit import NameHit
from processors.enrichment.names.index import NameIndex
from processors.enrichment.names.normal import normal_name, words_in


def index_of(*names: str, group: str = "c_account") -> NameIndex:
    index = NameIndex()
    for name in names:
        index.put(name, group, [normal_name(name, is_company=group == "c_account")])
    return index


def named(index: NameIndex, text: str, *, fuzzy: bool = False, is_title: bool = False) -> list[tuple[str, str]]:
    hits = index.named_in(words_in(text), fuzzy=fuzzy, is_title=is_title)
    return [(hit.anchor_id, text[hit.start : hit.end]) for hit in hits]


def only(index: NameIndex, text: str, *, fuzzy: bool = False, is_title: bool = False) -> NameHit:
    (hit,) = index.named_in(words_in(text), fuzzy=fuzzy, is_title=is_title)
    return hit


def test_a_name_is_found_where_it_stands_however_it_is_spelled() -> None:
    index = index_of("Kestrel Optics GmbH")

    assert named(index, "The KESTREL-OPTICS deal") == [("Kestrel Optics GmbH", "KESTREL-OPTICS")]
    assert named(index, "kestrel_optics/2026") == [("Kestrel Optics GmbH", "kestrel_optics")]
    assert only(index, "Kestrel Optics' team").is_exact


def test_a_possessive_is_the_name() -> None:
    index = index_of("Acme", "Harbour renewal", group="c_opportunity")

    assert named(index, "Acme's Harbour's renewal") == [("Acme", "Acme's"), ("Harbour renewal", "Harbour's renewal")]


def test_the_longest_name_counts_and_none_inside_it() -> None:
    index = index_of("Kestrel", "Kestrel Optics", "Optics")

    assert named(index, "for Kestrel Optics and Kestrel") == [("Kestrel Optics", "Kestrel Optics"), ("Kestrel", "Kestrel")]


@pytest.mark.parametrize("text", ["Database", "Metadata", "AA batteries", "Kestrels", "unkestrel"])
def test_a_part_of_a_word_is_no_name(text: str) -> None:
    assert named(index_of("A", "Data", "Kestrel"), text) == []


def test_a_common_word_is_a_name_only_with_a_capital_and_then_a_weak_one() -> None:
    index = index_of("Data", "A")

    assert named(index, "send the data, a lot of it", fuzzy=True) == []
    assert only(index, "send the Data").rarity == pytest.approx(0.3)


def test_a_name_of_common_words_is_weaker_than_one_with_a_rare_word() -> None:
    index = index_of("Global Data Services", "Kestrel Services")

    weak, strong = index.named_in(words_in("Global Data Services, Kestrel Services"), fuzzy=False)

    assert weak.rarity == pytest.approx(0.657)
    assert strong.rarity == 1.0


def test_a_word_becomes_less_rare_in_steps_and_among_names_of_its_kind() -> None:
    index = index_of("Acme")
    for number in range(201):
        index.put(f"deal {number}", "c_opportunity", [("acme", f"phase{number}")])
        if number in {19, 20, 199, 200}:
            steps = {19: 1.0, 20: 0.6, 199: 0.6, 200: 0.3}
            assert index.rarity("c_opportunity", "acme") == steps[number]

    assert index.rarity("c_account", "acme") == 1.0
    assert only(index, "Acme").rarity == 1.0


def test_one_word_of_what_is_likely_a_longer_name_is_worth_less() -> None:
    index = index_of("Morgan")

    assert only(index, "with Morgan Freeman today").rarity == pytest.approx(0.7)
    assert only(index, "with Morgan. Freeman is here").rarity == 1.0
    assert only(index, "the Morgan Renewal").rarity == 1.0


def test_neighbours_that_are_names_themselves_take_nothing_away() -> None:
    index = index_of("Kestrel", "Morgan")

    assert [hit.rarity for hit in index.named_in(words_in("Kestrel Morgan"), fuzzy=False)] == [1.0, 1.0]


def test_a_slip_of_the_pen_is_found_where_a_name_may_stand() -> None:
    index = index_of("Kestrel Optics", "Harbour")

    assert named(index, "We met Kestrel Optiks at the Harbor", fuzzy=True) == [
        ("Kestrel Optics", "Kestrel Optiks"),
        ("Harbour", "Harbor"),
    ]
    assert named(index, "we met kestrel optiks at the harbor", fuzzy=True) == []
    assert named(index, "we met Kestrel Optiks at the Harbor") == []


def test_a_title_is_looked_at_whole() -> None:
    index = index_of("Kestrel Optics")

    assert named(index, "proj-kestrel-optiks-2026", fuzzy=True, is_title=True) == [("Kestrel Optics", "kestrel-optiks")]


def test_an_anchor_that_is_named_exactly_is_not_offered_again() -> None:
    index = index_of("Kestrel Optics")

    assert only(index, "Kestrel Optics, that is Kestrel Optiks", fuzzy=True).is_exact


def test_a_rare_word_that_differs_is_no_slip() -> None:
    assert named(index_of("Kestrel Optics"), "Kestrel Freight and Kestrel Zürich", fuzzy=True) == []


def test_of_anchors_with_one_name_all_are_told_up_to_a_bound() -> None:
    index = NameIndex()
    for number in range(30):
        index.put(f"c{number:02}", "c_contact", [("anna", "schmidt")])

    assert [hit.anchor_id for hit in index.named_in(words_in("Anna Schmidt"), fuzzy=False)] == [f"c{number:02}" for number in range(20)]


def test_a_frequent_key_word_needs_another_word_of_the_name() -> None:
    index = NameIndex()
    for number in range(300):
        index.put(f"c{number:03}", "c_contact", [(f"ann{number:03}", "schmidt")])

    found = index.named_in(words_in("Ann007 Schmitd"), fuzzy=True)

    assert [hit.anchor_id for hit in found] == ["c007"]


def test_a_name_that_is_asked_for_as_a_whole_is_not_found_inside_others() -> None:
    index = index_of("Kestrel Optics GmbH", "Kestrel")

    whole = index.of_name(normal_name("Kestrel Optics Ltd"))

    assert (whole[0].anchor_id, whole[0].is_exact, whole[0].similarity) == ("Kestrel Optics GmbH", True, 1.0)
    assert all(not hit.is_exact for hit in whole[1:])
    assert index.of_name(()) == []


def test_an_anchor_put_anew_goes_by_its_new_names_only() -> None:
    index = index_of("Kestrel")
    index.put("Kestrel", "c_account", [("amber",), ("birch",), (), ("amber",)])

    assert named(index, "Kestrel, Amber and Birch") == [("Kestrel", "Amber"), ("Kestrel", "Birch")]
    assert len(index) == 1


def test_an_anchor_without_a_name_is_not_held() -> None:
    index = NameIndex()
    index.put("nobody", "c_account", [(), normal_name("🤝")])
    index.remove("nobody")

    assert len(index) == 0


def test_of_a_long_name_the_first_twelve_words_count() -> None:
    words = [f"word{number}" for number in range(15)]
    index = NameIndex()
    index.put("long", "c_project", [tuple(words)])

    assert named(index, " ".join(words)) == [("long", " ".join(words[:12]))]


@pytest.mark.parametrize("text", ["", "🤝", "上海", "X" * 5000, "Ä" * 5000, "A " * 500, "Kestrel " * 300, "'\u200b'"])
def test_whatever_a_text_is_nothing_raises(text: str) -> None:
    index = index_of("上海", "Kestrel Optics", "شركة أرامكو")

    hits = index.named_in(words_in(text), fuzzy=True, is_title=True)

    assert all(0.0 <= hit.similarity <= 1.0 for hit in hits)
