"""What people read: tables that leave nothing out, and bars that nobody sees who did not ask for them."""

import pytest

from devtools.local.progress import bar
from devtools.local.tables import table

HEAD = ("type", "name", "id")
ROWS = [("c_account", "Amber [bold] Paper", "a52bbd1645f04a9c"), ("c_contact", None, 1234)]


def test_where_it_is_piped_a_table_is_as_wide_as_its_cells() -> None:
    shown = table(HEAD, ROWS)

    assert shown.splitlines() == [
        "type       name                id",
        "---------  ------------------  ----------------",
        "c_account  Amber [bold] Paper  a52bbd1645f04a9c",
        "c_contact  –                   1,234",
    ]


def test_a_terminal_that_is_wide_enough_changes_nothing() -> None:
    assert table(HEAD, ROWS, width=47) == table(HEAD, ROWS)


def test_in_a_narrow_terminal_cells_are_folded_and_nothing_is_left_out() -> None:
    shown = table(HEAD, ROWS, width=36)

    assert shown.splitlines() == [
        "type       name        id",
        "------------------------------------",
        "c_account  Amber       a52bbd1645f04",
        "           [bold]      a9c",
        "           Paper",
        "c_contact  –           1,234",
    ]


def test_a_bar_is_not_shown_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("sent", 2) as seen:
        seen(1)
        seen(2)

    assert capsys.readouterr() == ("", "")
