"""Microsoft's management models, read as shapes: which properties there are, of what type, and which of them are only ever answered.

Two generations of their packages exist: classes with ``rest_field`` and annotations (2024 and later), and classes with ``_attribute_map``
and ``_validation`` before. Standard library only: this also runs in the environment of the Azure CLI.
"""
# ruff: noqa: SLF001 - what a generated model knows of itself is in its private attributes, and nowhere else

import enum
import importlib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Property:
    """One property of a class."""

    name: str
    """As in JSON."""
    type: Any
    """A class, a typing form, or the words of an older package: ``str``, ``[Sku]``, ``{str}``."""
    is_read_only: bool
    is_required: bool = False


def properties(model: type) -> dict[str, Property]:
    """Those of a class, by their name in JSON. An older class names some by the way to them: ``properties.lockDuration``."""
    return {each.name: each for each in (_older(model) if hasattr(model, "_attribute_map") else _newer(model))}


def _newer(model: Any) -> Iterator[Property]:
    model()  # the class reads its own fields when it is first made
    package = importlib.import_module(model.__module__.rpartition(".")[0])
    module = importlib.import_module(model.__module__)
    names = {**vars(typing), **vars(module), "_models": package, "_types": package}
    for attribute, field in model._attr_to_rest_field.items():
        annotation = next(each.__annotations__[attribute] for each in model.__mro__ if attribute in getattr(each, "__annotations__", {}))
        hint = eval(annotation, names) if isinstance(annotation, str) else annotation  # noqa: S307 - an annotation of an installed package
        visibility = field._visibility
        is_read_only = bool(visibility) and not {"create", "update"} & set(visibility)
        kind = _resolved(hint, names)
        is_optional = type(None) in typing.get_args(kind) or field._is_discriminator
        yield Property(field._rest_name, kind, is_read_only, not is_read_only and not is_optional)


def _resolved(hint: Any, names: Mapping[str, Any]) -> Any:
    """Without forward references."""
    if isinstance(hint, str | typing.ForwardRef):
        written = hint if isinstance(hint, str) else hint.__forward_arg__
        return _resolved(eval(written, dict(names)), names)  # noqa: S307 - as above
    arguments = typing.get_args(hint)
    if not arguments or typing.get_origin(hint) is typing.Literal:
        return hint
    inner = tuple(_resolved(each, names) for each in arguments)
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[inner]  # noqa: UP007 - made of what was found
    return origin[inner if len(inner) > 1 else inner[0]] if origin else hint


def _older(model: Any) -> Iterator[Property]:
    for attribute, said in model._attribute_map.items():
        rules = model._validation.get(attribute, {})
        yield Property(said["key"].replace("\\.", "."), said["type"], bool(rules.get("readonly")), bool(rules.get("required")))


def exact(model: Any, value: Mapping[str, Any]) -> Any:
    """The class that a value says it is of, where there are several: those of a backup policy."""
    if not hasattr(model, "_attribute_map"):
        model()  # see below
    for field in getattr(model, "_attr_to_rest_field", {}).values():
        kinds = getattr(model, "__mapping__", {})
        if field._is_discriminator and value.get(field._rest_name) in kinds:
            return exact(kinds[value[field._rest_name]], value) if kinds[value[field._rest_name]] is not model else model
    for attribute, kinds in vars(model).get("_subtype_map", {}).items():
        key = model._attribute_map[attribute]["key"].replace("\\.", ".")
        if value.get(key) in kinds:
            return exact(getattr(importlib.import_module(model.__module__), kinds[value[key]]), value)
    return model


def is_enumeration(hint: Any) -> bool:
    """Whether it is a list of words."""
    return isinstance(hint, type) and issubclass(hint, enum.Enum)
