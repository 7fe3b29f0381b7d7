"""Which part of a container a call is about, by its headers."""

from typing import Any

import pytest
from multidict import CIMultiDict

from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.keys import KeyDefinition
from devtools.emulators.cosmos.ranges import KeyRange, even_ranges, range_id, reach_of
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.wire import Request

T1 = "3D48BB14DA9D090D22112C96695028B6"
U1 = "2A947C94F6E254B945CEBC3196C9897C"
HALF = "2" + "0" * 31
CONTAINER = Container({"_rid": "c"}, "d", KeyDefinition("MultiHash", (("t",), ("u",))))
TWO = even_ranges(2)


def asked(**headers: Any) -> Request:
    names = {"key": "partitionkey", "range": "partitionkeyrangeid"}
    named = {f"x-ms-documentdb-{names[name]}" if name in names else f"x-ms-{name}-epk": text for name, text in headers.items()}
    return Request("GET", (), CIMultiDict(named), b"", "")


@pytest.mark.parametrize(
    ("headers", "reach"),
    [
        ({}, ("", "FF")),
        ({"key": '["t1","u1"]'}, (T1 + U1, T1 + U1 + "FF")),
        ({"key": '["t1"]'}, (T1, T1 + "FF")),
        ({"start": T1.lower(), "end": T1.lower() + "ff"}, (T1, T1 + "FF")),
        ({"range": "0"}, ("", HALF)),
        ({"range": "1"}, (HALF, "FF")),
        ({"range": "1", "start": T1, "end": T1 + "FF"}, (T1, T1 + "FF")),
        ({"range": "1", "start": "1" * 32, "end": "3" * 32}, (HALF, "3" * 32)),
    ],
)
def test_a_call_reaches_what_its_headers_name(headers: dict[str, str], reach: tuple[str, str]) -> None:
    assert reach_of(asked(**headers), CONTAINER, TWO) == reach


def test_a_range_that_is_not_there_is_gone() -> None:
    with pytest.raises(RefusedError) as refused:
        reach_of(asked(range="2"), CONTAINER, TWO)

    assert (refused.value.status, refused.value.substatus) == (410, 1002)


@pytest.mark.parametrize(("headers", "found"), [({"key": '["t1","u1"]'}, "1"), ({"range": "1"}, "1"), ({}, "0")])
def test_the_answer_names_the_range_it_comes_from(headers: dict[str, str], found: str) -> None:
    assert range_id(asked(**headers), CONTAINER, TWO) == found


def test_the_ranges_cover_all_keys_without_a_gap() -> None:
    assert even_ranges(1) == (KeyRange("0", "", "FF"),)
    assert even_ranges(4) == (
        KeyRange("0", "", "1" + "0" * 31),
        KeyRange("1", "1" + "0" * 31, "2" + "0" * 31),
        KeyRange("2", "2" + "0" * 31, "3" + "0" * 31),
        KeyRange("3", "3" + "0" * 31, "FF"),
    )
