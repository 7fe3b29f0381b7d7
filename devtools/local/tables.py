"""Tables for people: columns as wide as their widest cell where they are piped, folded to the width of a terminal where it is narrower."""

import io
import shutil
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, width: int | None = None) -> str:
    """Lines of aligned columns under a head. ``width`` is in characters; that of the terminal, if there is one, where it is not given."""
    cells = [[str(cell) for cell in head], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    width = width or _terminal_width()
    if width is not None and any(len(line) > width for line in lines):
        return _folded(cells, width)
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _folded(cells: Sequence[Sequence[str]], width: int) -> str:
    """The same with cells of several lines: nothing is left out, for people copy ids from tables."""
    columns = [Column(Text(name), overflow="fold", min_width=len(name)) for name in cells[0]]
    width = max(width, sum(len(name) + 2 for name in cells[0]))
    folded = Table(*columns, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for row in cells[1:]:
        folded.add_row(*map(Text, row))
    written = io.StringIO()
    Console(file=written, width=width, color_system=None, highlight=False).print(folded)
    head, *lines = (line.rstrip() for line in written.getvalue().splitlines())
    return "\n".join([head, "-" * width, *lines])


def _terminal_width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
