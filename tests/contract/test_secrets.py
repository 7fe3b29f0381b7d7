"""Every secret there is has its row in docs/operations.md: where it is, who reads it, how it is replaced, and which test shows that."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

import pytest
from pydantic import BaseModel, SecretStr

from ops.rotation.command import BESIDE, OF_LOGINS
from ops.rotation.options import FILES
from shared.connections.connection import Credential
from shared.settings import VARIABLES, Settings

ROOT: Final = Path(__file__).parents[2]
OPERATIONS: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
KINDS: Final = get_args(Credential.model_fields["kind"].annotation)
COLUMNS: Final = 6


def section() -> str:
    return OPERATIONS.partition("\n## Secrets\n")[2].partition("\n## ")[0]


def rows() -> list[list[str]]:
    """Those of the first table."""
    lines = section().partition("| secret |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def secret_variables() -> Iterator[str]:
    """Settings whose field is a SecretStr, or holds some."""
    for variable, path in VARIABLES.items():
        model: type[BaseModel] = Settings
        for name in path[:-1]:
            annotation = model.model_fields[name].annotation
            assert isinstance(annotation, type)
            model = annotation
        if _holds_a_secret(model.model_fields[path[-1]].annotation):
            yield variable


def _holds_a_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_holds_a_secret(part) for part in get_args(annotation))


def test_every_secret_of_the_settings_and_every_kind_of_credential_has_its_row() -> None:
    named = {name for row in rows() for name in re.findall(r"`([^`]+)`", row[0])}

    assert named == {*secret_variables(), *KINDS}, "docs/operations.md, Secrets: one row each, and none of what is gone"


def test_what_is_secret_and_is_neither_has_its_row_too() -> None:
    assert {row[0] for row in rows() if "`" not in row[0]} == {"the webhook's key", "the issuer's keys"}


def test_every_row_says_all_of_it() -> None:
    for row in rows():
        assert len(row) == COLUMNS, row
        assert all(row) or row[0].startswith("`SERVICE_BUS`"), row


def test_the_tests_that_are_named_are_there() -> None:
    for row in rows():
        file, _, test = row[-1].strip("`").partition("::")
        assert (ROOT / file).is_file(), file
        assert not test or re.search(rf"def {test}\b", (ROOT / file).read_text(encoding="utf-8")), row[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_credential_can_be_rotated(kind: str) -> None:
    assert set(OF_LOGINS[kind]) <= FILES.keys()


def test_every_option_of_rotating_belongs_to_something() -> None:
    used = {name for names in (*OF_LOGINS.values(), *BESIDE.values()) for name in names}

    assert used == {*FILES, "webhook_key"}
