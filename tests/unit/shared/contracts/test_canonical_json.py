"""The byte form ids and fingerprints are hashes of. It may never change, so it is written out here."""

import hashlib
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.canonical import canonical_json, digest


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"b": 1, "a": [True, None, "x"]}, b'{"a":[true,null,"x"],"b":1}'),
        (100000.0, b"100000"),
        (-0.0, b"0"),
        (1.25e7, b"12500000"),
        (0.1, b"0.1"),
        (1e-7, b"1e-07"),
        ("Zürich", '"Zürich"'.encode()),
        ('a"b\\c\n', b'"a\\"b\\\\c\\n"'),
        ((1, 2), b"[1,2]"),
        ([], b"[]"),
    ],
)
def test_the_canonical_form_of(value: object, form: bytes) -> None:
    assert canonical_json(value) == form


def test_a_whole_number_is_the_same_with_and_without_a_fraction() -> None:
    assert canonical_json({"amount": [1.0, {"deep": 2.0}]}) == canonical_json({"amount": [1, {"deep": 2}]})


def test_true_is_not_one_and_a_text_is_not_its_number() -> None:
    assert len({canonical_json(True), canonical_json(1), canonical_json("1"), canonical_json("true")}) == 4


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.integers(), max_size=6), st.randoms())
@settings(deadline=None, max_examples=50)
def test_the_order_of_keys_does_not_matter(value: dict[str, int], random: object) -> None:
    shuffled = list(value.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random, which hypothesis types as an object

    assert canonical_json(dict(shuffled)) == canonical_json(value)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_have_has_no_form(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json([number])


def test_a_digest_is_this_and_stays_this() -> None:
    assert digest("tenant-1", "ShardEmitted", "s", "1", "content") == "467beac4fe45ccdc22694cae006c4bc5"
    assert digest() == "4f53cda18c2baa0c0354bb5f9a3ecbe5"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('aé"\\', max_size=3)


@given(st.lists(SCALARS | st.lists(SCALARS, max_size=3).map(tuple) | st.dictionaries(st.text("ab"), SCALARS, max_size=3), max_size=4))
@settings(deadline=None, max_examples=100)
def test_a_digest_is_the_hash_of_its_parts_as_one_array(parts: list[object]) -> None:
    assert digest(*parts) == hashlib.sha256(canonical_json(parts)).hexdigest()[:32]


VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=2).map(tuple) | st.dictionaries(st.text("ab"), inner)
)


def _plainly(value: object) -> object:
    """Whole numbers as such, everywhere: with nothing left out and nothing shared."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _plainly(item) for key, item in value.items()}
    return [_plainly(item) for item in value] if isinstance(value, list | tuple) else value


@given(VALUES)
@settings(deadline=None, max_examples=200)
def test_the_form_is_that_of_the_whole_value_written_plainly_and_the_value_stays_as_it_was(value: object) -> None:
    before = repr(value)

    form = canonical_json(value)

    assert form == json.dumps(_plainly(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert repr(value) == before
