"""A body against a model: packages of both generations say the same, each in its way."""

from typing import Any, ClassVar

import pytest
from azure.mgmt.servicebus import models

from devtools.bicep.judging import MODELS, UNJUDGED, against, faults


class Rule:
    """As packages were generated until about 2024."""

    _validation: ClassVar[dict[str, dict[str, bool]]] = {"id": {"readonly": True}, "kind": {"required": True}}
    _attribute_map: ClassVar[dict[str, dict[str, str]]] = {
        "id": {"key": "id", "type": "str"},
        "kind": {"key": "kind", "type": "str"},
        "odata": {"key": "odata\\.type", "type": "str"},
        "days": {"key": "properties.days", "type": "int"},
        "share": {"key": "properties.share", "type": "float"},
        "lock": {"key": "properties.lockDuration", "type": "duration"},
        "tags": {"key": "tags", "type": "{str}"},
        "names": {"key": "names", "type": "[str]"},
        "inner": {"key": "inner", "type": "[Rule]"},
    }


class StrictRule(Rule):
    _attribute_map: ClassVar[dict[str, dict[str, str]]] = {**Rule._attribute_map, "strict": {"key": "strict", "type": "bool"}}


Rule._subtype_map = {"kind": {"Strict": "StrictRule"}}  # type: ignore[attr-defined]  # older models carry it without declaring it


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "a", "properties": {"days": 1, "share": 1, "lockDuration": "PT1M"}, "tags": {"a": "b"}, "names": ["a"]}, []),
        ({"kind": "a", "odata.type": "b"}, []),
        ({"kind": "a", "inner": [{"kind": "b", "properties": {"days": 2}}]}, []),
        ({"kind": "Strict", "strict": True}, []),
        ({"kind": "Lax", "strict": True}, [".strict: there is no such property"]),
        ({"kind": "a", "properties": {"day": 1}}, [".properties.day: there is no such property"]),
        ({"kind": "a", "properties": {"days": "1"}}, [".properties.days: '1' is of another kind"]),
        ({"kind": "a", "properties": {"days": True}}, [".properties.days: True is of another kind"]),
        ({"kind": "a", "id": "b"}, [".id: it is only ever answered"]),
        ({}, [".kind: it is missing"]),
        ({"kind": "a", "names": "b"}, [".names: 'b' is no array"]),
        ({"kind": "a", "tags": {"a": 1}}, [".tags.a: 1 is of another kind"]),
        ({"kind": "a", "inner": [{"kind": "b", "colour": "red"}]}, [".inner[0].colour: there is no such property"]),
    ],
)
def test_an_older_model(body: dict[str, Any], said: list[str]) -> None:
    assert list(against(Rule, body)) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"location": "x", "sku": {"name": "Standard"}, "properties": {"disableLocalAuth": True}}, []),
        ({"location": "x", "sku": {"name": "standard"}}, [".sku.name: 'standard' is none of ['Basic', 'Premium', 'Standard']"]),
        ({"location": "x", "sku": {}}, [".sku.name: it is missing"]),
        ({"location": "x", "properties": {"disableLocalAuth": "yes"}}, [".properties.disableLocalAuth: 'yes' is of another kind"]),
        ({"location": "x", "properties": {"disableLocalAuths": True}}, [".properties.disableLocalAuths: there is no such property"]),
        ({"location": "x", "properties": {"status": "Active"}}, [".properties.status: it is only ever answered"]),
        ({"location": "x", "tags": {"a": 1}}, [".tags.a: 1 is of another kind"]),
        ({"location": "x", "properties": []}, [".properties: [] is no object"]),
        ({}, [".location: it is missing"]),
    ],
)
def test_a_newer_model(body: dict[str, Any], said: list[str]) -> None:
    assert list(against(models.SBNamespace, body)) == said


def test_a_value_that_is_null_says_nothing() -> None:
    assert list(against(models.SBNamespace, {"location": "x", "sku": None})) == []


def test_a_type_nobody_has_thought_of_is_no_type_without_faults() -> None:
    with pytest.raises(KeyError, match="redis"):
        list(faults("Microsoft.Cache/redis", {}))


def test_what_has_no_model_is_not_judged() -> None:
    assert not {*UNJUDGED} & MODELS.keys()
    assert list(faults("Microsoft.Insights/diagnosticSettings", {"anything": 1})) == []
