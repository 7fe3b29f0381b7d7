"""What a message takes in as a JSON object is what pydantic's ``JsonValue`` takes in, value by value: only sooner."""

import json
import math
from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, ValidationError

from shared.contracts.json_object import MOST_LEVELS, JsonObject
from shared.contracts.message import Wire


class Ours(Wire):
    """With the object as messages have it."""

    payload: JsonObject


class Theirs(Wire):
    """The same, value by value."""

    payload: dict[str, JsonValue]


class Colour(StrEnum):
    RED = "red"


class Count(IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


class Number(float):
    __slots__ = ()


class Whole(int):
    __slots__ = ()


class Fields(dict[Any, Any]):
    """A dictionary of another kind."""


class Items(list[Any]):
    """A list of another kind."""


LEAVES: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**30, 10**40)
    | st.floats()
    | st.text(max_size=5)
    | st.characters(categories=["Cs"])  # halves of surrogate pairs
)
STRANGE: Final = (
    st.binary(max_size=3)
    | st.binary(max_size=3).map(bytearray)
    | st.decimals()
    | st.complex_numbers()
    | st.datetimes()
    | st.sampled_from([Colour.RED, Count.ONE, Number("nan"), Number(1.5), Whole(3), Text("t"), object(), Ellipsis, int, frozenset({1})])
    | st.text(max_size=3).map(Text)
)
NAMES: Final = st.text(max_size=3) | st.characters(categories=["Cs"])
STRANGE_NAMES: Final = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=3) | st.just(Colour.RED) | NAMES.map(Text)
)


def _nested(leaves: st.SearchStrategy[Any], names: st.SearchStrategy[Any], *others: Any) -> st.SearchStrategy[Any]:
    def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        plain = st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
        return st.one_of(plain, *(plain.map(partial(_as, other)) for other in others))

    return st.dictionaries(names, st.recursive(leaves, grown, max_leaves=10), max_size=4)


def _as(kind: Any, value: Any) -> Any:
    """The value as this kind of collection, where it can be one."""
    try:
        return kind(value)
    except (TypeError, ValueError):
        return value


PLAIN: Final = _nested(LEAVES, NAMES)
ANY: Final = _nested(LEAVES | STRANGE, NAMES | STRANGE_NAMES, tuple, set, Fields, Items, OrderedDict, MappingProxyType)


def _taken(kind: type[BaseModel], value: Any) -> tuple[str, Any]:
    """What becomes of it: the value as written out with its kinds, or the places and kinds of the faults."""
    try:
        return "accepted", _kinds(kind.model_validate({"payload": value}).payload)  # type: ignore[attr-defined]  # both have one
    except ValidationError as error:
        return "refused", [(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors(include_input=False, include_url=False)]


def _kinds(value: Any) -> Any:
    if isinstance(value, dict):
        return type(value), [(type(name), name, _kinds(item)) for name, item in value.items()]
    if isinstance(value, list):
        return type(value), [_kinds(item) for item in value]
    return type(value), repr(value)


@given(PLAIN)
@settings(deadline=None, max_examples=300)
def test_what_is_plain_is_taken_as_value_by_value(value: dict[str, Any]) -> None:
    assert _taken(Ours, value) == _taken(Theirs, value)


@given(ANY | STRANGE | LEAVES | st.dictionaries(NAMES, LEAVES, max_size=2).map(MappingProxyType))
@settings(deadline=None, max_examples=600)
def test_whatever_it_is_it_is_accepted_or_refused_as_value_by_value(value: Any) -> None:
    assert _taken(Ours, value) == _taken(Theirs, value)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [lambda number: {"a": number}, lambda number: {"a": [{"b": number}]}])
def test_a_number_that_json_has_not_is_refused(number: float, place: Any) -> None:
    assert _taken(Ours, place(number)) == _taken(Theirs, place(number))
    assert _taken(Ours, place(number))[0] == "refused"


@pytest.mark.parametrize("value", [{"a": Decimal(1)}, {"a": b"x"}, {"a": {1: "x"}}, {"a": (1,)}, {"a": {"b": {1}}}, [], "x", None])
def test_what_is_no_json_object_is_refused(value: Any) -> None:
    assert _taken(Ours, value) == _taken(Theirs, value)
    assert _taken(Ours, value)[0] == "refused"


@pytest.mark.parametrize("inner", [OrderedDict(b=1), Fields(b=[1.5]), Items([1, {"b": 2}]), Colour.RED, Count.ONE, Number(1.5), Text("t")])
def test_what_is_of_a_kind_made_of_a_plain_one_is_taken_as_value_by_value(inner: Any) -> None:
    for value in (inner, {"a": inner}, {"a": [inner]}, {"a": {"b": inner, "c": 1.5}}):
        assert _taken(Ours, value) == _taken(Theirs, value)


@pytest.mark.parametrize("levels", [MOST_LEVELS - 1, MOST_LEVELS, MOST_LEVELS + 1, 100, 250, 260, 400])
@pytest.mark.parametrize("step", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_however_deep_it_is_it_is_taken_as_value_by_value(levels: int, step: Any) -> None:
    value: Any = 1
    for _ in range(levels):
        value = step(value)

    assert _taken(Ours, {"a": value}) == _taken(Theirs, {"a": value})


def test_what_goes_round_in_a_circle_is_refused() -> None:
    value: dict[str, Any] = {"a": []}
    value["a"] += [value, value]

    assert _taken(Ours, value)[0] == _taken(Theirs, value)[0] == "refused"


def test_an_object_is_not_the_one_it_was_made_from() -> None:
    value: dict[str, Any] = {"a": {"b": [{"c": 1}]}, "d": {"e": 1.5}}
    taken = Ours(payload=value).payload
    said = json.dumps(value)

    value["a"]["b"][0]["c"] = 2
    value["a"]["b"].append(3)
    value["d"]["f"] = 4
    value["g"] = 5

    assert json.dumps(taken) == said


@given(PLAIN)
@settings(deadline=None, max_examples=100)
def test_text_is_taken_as_value_by_value(value: dict[str, Any]) -> None:
    text = json.dumps({"payload": value})

    def read(kind: type[BaseModel]) -> Any:
        try:
            return _kinds(kind.model_validate_json(text).payload)  # type: ignore[attr-defined]  # both have one
        except ValidationError as error:
            return [(fault["loc"], fault["type"]) for fault in error.errors(include_input=False, include_url=False)]

    assert read(Ours) == read(Theirs)
