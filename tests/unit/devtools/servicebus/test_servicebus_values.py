"""The AMQP codec: what is encoded decodes to the same value of the same type, and nothing hostile gets out as another error."""

import math
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.servicebus.decoding import decode, first_item, map_items, skip
from devtools.emulators.servicebus.encoding import encode, encode_map
from devtools.emulators.servicebus.values import (
    Array,
    Byte,
    Char,
    CodecError,
    Described,
    Float,
    Int,
    Long,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)


def numbers(kind: type[int], low: int, high: int) -> st.SearchStrategy[int]:
    return st.one_of(st.sampled_from([low, high]), st.integers(max(low, -200), min(high, 300)), st.integers(low, high)).map(kind)


SYMBOLS = st.text(st.characters(max_codepoint=127), max_size=300).map(Symbol)
NUMBERS = {
    UInt: numbers(UInt, 0, 2**32 - 1),
    ULong: numbers(ULong, 0, 2**64 - 1),
    Int: numbers(Int, -(2**31), 2**31 - 1),
    Long: numbers(Long, -(2**63), 2**63 - 1),
    Timestamp: numbers(Timestamp, -(2**63), 2**63 - 1),
}
ELEMENTS: list[st.SearchStrategy[Any]] = [*NUMBERS.values(), st.uuids(), st.binary(max_size=300), st.text(max_size=100), SYMBOLS]
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    numbers(UByte, 0, 255),
    numbers(UShort, 0, 65535),
    numbers(Byte, -128, 127),
    numbers(Short, -(2**15), 2**15 - 1),
    st.floats(width=32, allow_nan=False).map(Float),
    st.floats(allow_nan=False),
    st.characters(codec="utf-8").map(Char),
    *ELEMENTS,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(SCALARS, *(st.lists(element, max_size=20).map(Array) for element in ELEMENTS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=8),
        st.dictionaries(st.one_of(st.text(max_size=10), SYMBOLS, st.uuids()), inner, max_size=5),
        st.builds(Described, NUMBERS[ULong], inner),
    ),
    max_leaves=12,
)


def typed(value: Any) -> Any:
    """The value with the types spelled out: Python finds UInt(1), Long(1) and True equal, the wire does not."""
    match value:
        case Described(descriptor=descriptor, value=inner):
            return "described", typed(descriptor), typed(inner)
        case list():
            return type(value).__name__, [typed(item) for item in value]
        case dict():
            return "dict", [(typed(key), typed(item)) for key, item in value.items()]
        case _:
            return type(value).__name__, value


@given(VALUES)
def test_decoding_what_was_encoded_gives_the_same_value_of_the_same_type(value: Any) -> None:
    encoded = encode(value)

    decoded, end = decode(encoded)

    assert typed(decoded) == typed(value)
    assert end == len(encoded)


@given(VALUES, st.binary(max_size=5))
def test_skipping_ends_where_decoding_ends(value: Any, after: bytes) -> None:
    encoded = encode(value)

    assert skip(encoded + after, 0) == len(encoded)


@given(st.binary(max_size=60))
def test_any_bytes_decode_or_are_refused_as_not_amqp(data: bytes) -> None:
    for read in (decode, skip, map_items, first_item):
        try:
            read(data, 0)
        except CodecError:
            continue


@given(VALUES)
def test_a_value_cut_short_is_refused(value: Any) -> None:
    encoded = encode(value)

    with pytest.raises(CodecError):
        skip(encoded[:-1], 0)


@given(st.dictionaries(SYMBOLS, SCALARS, max_size=40))
def test_the_raw_entries_of_a_map_make_the_same_map_again(value: dict[Symbol, Any]) -> None:
    encoded = encode(value)

    assert encode_map(map_items(encoded, 0)) == encoded


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        pytest.param(UInt(0), "43", id="uint zero takes no bytes"),
        pytest.param(UInt(255), "52ff", id="small uint"),
        pytest.param(UInt(256), "7000000100", id="uint"),
        pytest.param(Long(-1), "55ff", id="small long"),
        pytest.param(Symbol("abc"), "a303616263", id="symbol"),
        pytest.param("abc", "a103616263", id="string"),
        pytest.param(b"abc", "a003616263", id="binary"),
        pytest.param([], "45", id="empty list"),
        pytest.param([None, True], "c003024041", id="list"),
        pytest.param(Timestamp(1), "830000000000000001", id="timestamp"),
        pytest.param(uuid.UUID(int=1), "98" + "0" * 31 + "1", id="uuid in network order"),
        pytest.param(Described(ULong(0x24), []), "00532445", id="accepted"),
    ],
)
def test_values_are_written_in_their_shortest_form(value: Any, encoded: str) -> None:
    assert encode(value).hex() == encoded


@pytest.mark.parametrize("value", [1, object(), Array([UInt(1), Int(1)]), Array([[]]), UByte(256), Symbol("é")])
def test_what_has_no_exact_amqp_form_is_not_encoded(value: Any) -> None:
    with pytest.raises(CodecError):
        encode(value)


def test_a_double_that_is_not_a_number_stays_one() -> None:
    decoded, _ = decode(encode(math.nan))

    assert math.isnan(decoded)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x00" * 100_000, id="descriptors for ever"),
        pytest.param(b"\xd0\x00\x00\xff\xff\x00\x00\x00\x01" * 5_000, id="lists for ever"),
        pytest.param(b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40", id="four thousand million nulls"),
        pytest.param(b"\xd0\x00\x00\x00\x04\xff\xff\xff\xff", id="a list longer than its bytes"),
    ],
)
def test_absurd_input_is_refused_quickly(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode(data)
