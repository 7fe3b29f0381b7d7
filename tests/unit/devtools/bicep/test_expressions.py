"""Expressions of Bicep as the reading of infra/ takes them ("Bicep functions", "Bicep operators"); what it does not know it refuses."""

from pathlib import PurePosixPath
from typing import Any

import pytest

from devtools.bicep.expansion import expanded
from devtools.bicep.refusal import Refused
from devtools.bicep.values import Expansion


def read(template: str, parameters: str = "", **files: str) -> Expansion:
    """A template with a parameter file and other files beside it."""
    texts = {"main.bicep": template, "it.bicepparam": f"using 'main.bicep'\n{parameters}\n", **files}
    return expanded(PurePosixPath("it.bicepparam"), source=lambda path: texts[str(path)])


def value(expression: str, before: str = "") -> Any:
    """What an expression comes to."""
    return read(f"{before}\noutput it array = {expression}\n").outputs["it"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a${1}b${'c'}'", "a1bc"),
        ("'it\\'s \\\\n'", "it's \\n"),
        ("[1, 2]", [1, 2]),
        ("[\n  1\n  2\n]", [1, 2]),
        ("[\n  1 // one\n  2\n]", [1, 2]),
        ("{ a: 1, 'b-c': { d: null } }", {"a": 1, "b-c": {"d": None}}),
        ("true && !false", True),
        ("1 == 2 || 'a' == 'a'", True),
        ("1 + 2 * 3", 7),
        ("2 >= 3 ? 'more' : 'less'", "less"),
        ("[for name in ['a', 'b']: '${name}!']", ["a!", "b!"]),
        ("[for (name, index) in ['a', 'b']: { at: index, name: name }]", [{"at": 0, "name": "a"}, {"at": 1, "name": "b"}]),
        ("union({ a: { b: 1 }, c: 1 }, { a: { d: 2 }, c: 2 })", {"a": {"b": 1, "d": 2}, "c": 2}),
        ("union([1, 2], [2, 3])", [1, 2, 3]),
        ("union({ a: 1 }, { b: null })", {"a": 1, "b": None}),
        ("concat([1], [2])", [1, 2]),
        ("take('abcdef', 3)", "abc"),
        ("split('a:b', ':')[1]", "b"),
        ("replace('a.b.c', '.', '-')", "a-b-c"),
        ("contains(['a'], 'a') && contains('abc', 'b') && !contains({ a: 1 }, 'b')", True),
        ("empty('') && empty([]) && !empty('a')", True),
        ("string(1536)", "1536"),
        ("length(uniqueString('a', 'b'))", 13),
        ("uniqueString('a', 'b') == uniqueString('ab')", False),
        ("guid('a', 'b') == guid('a', 'b')", True),
        ("az.environment().suffixes.storage", "core.windows.net"),
        ("{ it: 1 }.it", 1),
    ],
)
def test_an_expression_comes_to(expression: str, expected: object) -> None:
    assert value(expression) == expected


def test_what_the_grammar_takes_for_two_elements_is_one_with_an_index() -> None:
    assert value("[names['b']]", "var names = { b: 'x' }") == ["x"]
    assert value("[names, [1]]", "var names = 0") == [0, [1]]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("-a", "only ! is known"),
        ("filter([1], x => x)", "not known"),
        ("dateTimeAdd('a', 'b')", "the function dateTimeAdd is not known"),
        ("listKeys('a', 'b')", "the function listKeys is not known"),
        ("kv.getSecret('a')", "not known"),
        ("{ a: 1, a: 2 }", "said twice"),
        ("{ a: 1 }.b", "nobody here knows b"),
        ("['a'][1]", "nothing at 1"),
        ("'\\$'", "not known|not Bicep"),
        ("'${[1]}'", "only text and numbers"),
        ("1 ? 2 : 3", "neither true nor false"),
        ("[for each in 'abc': each]", "no array"),
        ("[1 2]", "without a comma|not Bicep"),
        ("take(1, 2)", "take"),
    ],
)
def test_what_is_wrong_or_not_known_is_refused(expression: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        value(expression)


@pytest.mark.parametrize("expression", ["false || a.b == 'x'", "a.b == a.c", "!a.b"])
def test_what_the_grammar_gets_the_wrong_way_round_is_refused(expression: str) -> None:
    with pytest.raises(Refused, match="write parentheses"):
        value(expression, "var a = { b: 'x', c: 'x' }")


@pytest.mark.parametrize("expression", ["false || (a.b == 'x')", "(a.b) == (a.c)", "!(a.d)"])
def test_and_with_parentheses_it_is_taken(expression: str) -> None:
    assert value(expression, "var a = { b: 'x', c: 'x', d: false }") is True


@pytest.mark.parametrize(
    ("declared", "given", "said"),
    [
        ("@minLength(3)\nparam a string", "param a = 'ab'", "minLength"),
        ("@maxLength(1)\nparam a string", "param a = 'ab'", "maxLength"),
        ("@allowed(['x', 'y'])\nparam a string", "param a = 'z'", "allowed"),
        ("@minValue(1)\nparam a int", "param a = 0", "minValue"),
        ("@maxValue(1)\nparam a int", "param a = 2", "maxValue"),
        ("param a int", "param a = '1'", "of type int"),
        ("param a int", "param a = true", "of type int"),
        ("param a bool", "param a = 1", "of type bool"),
        ("param a string?", "param a = 'x'", "the type string\\? of a is not known"),
        ("param a string", "", "is not given"),
        ("param a string", "param a = 'x'\nparam b = 'y'", "no parameter b"),
        ("@metadata({ a: 1 })\nparam a string", "param a = 'x'", "the decorator"),
        ("param a string\nparam a string", "param a = 'x'", "declared twice"),
        ("type thing = string\nparam a string", "param a = 'x'", "type_declaration is not known"),
    ],
)
def test_a_parameter_is_held_to_what_is_declared(declared: str, given: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(f"{declared}\noutput it string = a\n", given)


def test_a_refusal_says_where() -> None:
    with pytest.raises(Refused) as refused:
        read("var a = 1\nvar b = nowhere\noutput it int = b\noutput other int = a\n")

    assert str(refused.value) == "main.bicep:2: nowhere is declared nowhere"
