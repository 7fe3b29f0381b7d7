"""The documentation's tables of fault plans say what the stand-ins can do, and no more."""

import json
import re
from pathlib import Path

import pytest

from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.stand_ins import STAND_INS, check

PAGE = (Path(__file__).parents[2] / "docs" / "local-development.md").read_text()


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: str(kind.value))
def test_the_table_of_kinds_names_exactly_the_stand_ins_that_can_do_it(kind: Kind) -> None:
    *_, able = cells(kind.value)

    named = {part.strip() for part in re.sub(r"\([^)]*\)", "", able).split(",")}
    assert named == {at for at, stand_in in STAND_INS.items() if kind in stand_in.abilities}


@pytest.mark.parametrize("at", STAND_INS)
def test_the_table_of_places_has_each_stand_in_with_all_it_can_do(at: str) -> None:
    *_, places = cells(at)

    assert set(re.findall(r"`([a-z-]+)`", places)) == {kind.value for kind in STAND_INS[at].abilities}


def test_every_field_of_a_fault_is_explained() -> None:
    for name, field in Fault.model_fields.items():
        assert cells(field.alias or name)[-1]


def test_the_plan_that_is_shown_is_one_and_can_be_carried_out() -> None:
    [shown] = [block for block in re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL) if '"faults"' in block]

    check(Plan.model_validate(json.loads(shown)))


def cells(name: str) -> list[str]:
    """The row that begins with this name."""
    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in line.strip("|").split("|")]
