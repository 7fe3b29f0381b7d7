"""The rows of the tables about fault plans: kinds, fields, and which stand-in can do what where."""

import ast
import inspect
import re
from collections.abc import Mapping
from typing import Final

from devtools.faults import plan
from devtools.faults.plan import Fault, Kind
from devtools.faults.stand_ins import STAND_INS
from devtools.local.planned import OURS, PLACES

Row = tuple[str, ...]

TAKEN_BY: Final = {**dict.fromkeys(PLACES, "`up`"), **dict.fromkeys(OURS, "`up`, also with `--docker`")}


def kinds() -> list[Row]:
    """Each kind with its sentence, and who can do it, in which forms."""
    said = _docstrings()
    return [(f"`{kind.value}`", said[kind.name], ", ".join(_able(kind))) for kind in Kind]


def fields() -> list[Row]:
    """Each field of a fault as JSON spells it."""
    return [
        (f"`{field.alias or name}`", "yes" if field.is_required() else "", _plain(field.default))
        for name, field in Fault.model_fields.items()
    ]


def places() -> list[Row]:
    """Each stand-in with the operations at which it can do which kinds."""
    return [
        (f"`{at}`", TAKEN_BY.get(at, "tests"), _by_operations(stand_in.places, stand_in.abilities)) for at, stand_in in STAND_INS.items()
    ]


def _able(kind: Kind) -> list[str]:
    able = []
    for at, stand_in in STAND_INS.items():
        if kind in stand_in.abilities:
            variants = ", ".join(f"`{variant}`" for variant in stand_in.abilities[kind])
            able.append(f"{at} ({variants})" if variants else at)
    return able


def _by_operations(places: Mapping[Kind, object], abilities: Mapping[Kind, object]) -> str:
    """Kinds that the same operations can meet, together."""
    grouped: dict[str, list[str]] = {}
    for kind in Kind:
        operations = places.get(kind, ())
        if kind in abilities and isinstance(operations, list | tuple | set | frozenset):
            words = [str(operation) for operation in operations]
            grouped.setdefault(" ".join(words if isinstance(operations, list | tuple) else sorted(words)), []).append(f"`{kind.value}`")
    return "; ".join(f"{', '.join(kinds)}: {operations}" for operations, kinds in grouped.items())


def _docstrings() -> dict[str, str]:
    """The sentence below each member, which Python itself forgets."""
    [found] = ast.parse(inspect.getsource(plan.Kind)).body
    if not isinstance(found, ast.ClassDef):
        raise TypeError("Kind is no class")
    said = {}
    for member, below in zip(found.body, found.body[1:], strict=False):
        match member, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                said[name] = re.sub(r"\s+", " ", text.strip()).replace("``", "`").replace("retry_after_seconds", "retryAfterSeconds")
    return said


def _plain(default: object) -> str:
    match default:
        case bool() as value:
            return f"`{str(value).lower()}`"
        case str() | int() as value:
            return f"`{value}`"
        case _:
            return ""
