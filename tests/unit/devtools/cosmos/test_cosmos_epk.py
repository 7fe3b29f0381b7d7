"""The effective partition key, against recorded vectors and against the client's own arithmetic."""

import pytest
from azure.cosmos import PartitionKey
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.cosmos.epk import KeyKind, effective_key
from devtools.emulators.cosmos.keys import KeyDefinition, header_values, path_parts
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.values import UNDEFINED, Value

T1 = "3D48BB14DA9D090D22112C96695028B6"

PARTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40) | st.booleans() | st.none() | st.integers(-(2**53), 2**53)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("t1", T1),
        ("", "32E9366E637A71B4E710384B2F4970A0"),
        (None, "378867E4430E67857ACE5C908374FE16"),
        (UNDEFINED, "11622DAA78F835834610ABE56EFF5CB5"),
        (True, "0E711127C5B5A8E4726AC6DD306A3E59"),
        (1, "20CD98B339BA78A5D0CF6953B87070B0"),
        (1.0, "20CD98B339BA78A5D0CF6953B87070B0"),
        (1.5, "35C5DDEB6C795D16A9963C73C54E97BC"),
        ("é☃", "36482596C7C950FB20838F61A4A44101"),
    ],
)
def test_a_single_value_hashes_to_its_recorded_vector(value: Value, expected: str) -> None:
    assert effective_key((value,), "Hash") == expected


def test_the_key_of_a_prefix_is_a_prefix_of_the_key() -> None:
    second, third = "2A947C94F6E254B945CEBC3196C9897C", "2924A879AFFF52A411F93F1A83532751"

    assert effective_key(("t1",), "MultiHash") == T1
    assert effective_key(("t1", "u1"), "MultiHash") == T1 + second
    assert effective_key(("t1", "u1", "s1"), "MultiHash") == T1 + second + third


@given(st.lists(PARTS, min_size=1, max_size=3))
def test_the_client_computes_the_same_hierarchical_key(values: list[Value]) -> None:
    theirs = PartitionKey(path=["/a", "/b", "/c"])._get_effective_partition_key_string(values)

    assert effective_key(tuple(values), "MultiHash") == theirs


@given(PARTS)
def test_the_client_computes_the_same_single_key(value: Value) -> None:
    assert effective_key((value,), "Hash") == PartitionKey(path="/a")._get_effective_partition_key_string([value])


def test_a_key_may_hold_plain_values_only() -> None:
    definition = KeyDefinition("Hash", (("a",),))

    with pytest.raises(RefusedError, match="plain values") as refused:
        definition.point('[["nested"]]')

    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("path", "parts"),
    [("/tenantId", ("tenantId",)), ("/address/zip", ("address", "zip")), ("/\"a b\"/'c'", ("a b", "c"))],
)
def test_key_paths_may_be_nested_and_quoted(path: str, parts: tuple[str, ...]) -> None:
    assert path_parts(path) == parts


def test_an_empty_object_in_a_key_header_means_undefined() -> None:
    assert header_values('["t1", {}]') == ("t1", UNDEFINED)


@pytest.mark.parametrize(
    ("kind", "paths", "version"),
    [("Hash", ["/a"], 1), ("Hash", ["/a", "/b"], 2), ("MultiHash", ["/a", "/b", "/c", "/d"], 2), ("Hash", [], 2)],
)
def test_key_definitions_that_cannot_be_hashed_are_refused(kind: KeyKind, paths: list[str], version: int) -> None:
    with pytest.raises(RefusedError):
        KeyDefinition.of({"kind": kind, "paths": paths, "version": version})
