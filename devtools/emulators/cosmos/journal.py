"""The store on disk: one JSON line per change, appended and handed to the operating system before the answer leaves.

That survives SIGKILL, not a power cut: there is no fsync per change. One commit is one line, so a torn last line takes a whole commit,
which was never answered. Resource ids, entity tags, times and sequence numbers are kept, so what a client remembers stays true after a
restart.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.wire import decode, encode

log = logging.getLogger(__name__)

FILE_NAME: Final = "cosmos.jsonl"

Entry = dict[str, Any]


class Journal(Protocol):
    """Where changes are noted before they are made."""

    def note(self, operation: str, **fields: object) -> None:
        """A change of a database or a container."""

    def items(self, container_rid: str, lsn: int, epk: str, changes: Mapping[str, Record | None]) -> None:
        """One commit: the items of one partition that were written or, where None, deleted."""

    def close(self) -> None:
        """No more changes."""


class NoJournal:
    """A store that lives in memory alone."""

    def note(self, operation: str, **fields: object) -> None:
        """Forget it."""

    def items(self, container_rid: str, lsn: int, epk: str, changes: Mapping[str, Record | None]) -> None:
        """Forget it."""

    def close(self) -> None:
        """There is nothing to close."""


class FileJournal:
    """An open file that is only ever appended to."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._end_bytes = self._file.seek(0, os.SEEK_END)
        self._is_torn = False

    def note(self, operation: str, **fields: object) -> None:
        """Append a change of a database or a container."""
        self._append(encode({"op": operation, **fields}))

    def items(self, container_rid: str, lsn: int, epk: str, changes: Mapping[str, Record | None]) -> None:
        """Append one commit."""
        self._append(items_entry(container_rid, lsn, epk, changes))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, entry: bytes) -> None:
        if self._is_torn:
            self._cut()
        rest = memoryview(entry + b"\n")
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._is_torn = True
            with suppress(OSError):  # a disk that refuses this as well is asked again before the next line
                self._cut()
            raise
        self._end_bytes += len(entry) + 1

    def _cut(self) -> None:
        """Forget half a line: in the middle of the file it would make the next start refuse all of it. Raises OSError."""
        self._file.truncate(self._end_bytes)
        self._is_torn = False


def items_entry(container_rid: str, lsn: int, epk: str, changes: Mapping[str, Record | None]) -> bytes:
    """The line for one commit. The bodies are JSON already and are not written twice."""
    head = encode(
        {"op": "items", "container": container_rid, "lsn": lsn, "epk": epk, "gone": [id_ for id_, one in changes.items() if one is None]}
    )
    bodies = b",".join(record.body for record in changes.values() if record is not None)
    return head[:-1] + b',"put":[' + bodies + b"]}"


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries of a journal. A last line without its end was never answered; any other damage is an error: what follows may need it."""
    if not path.exists():
        return
    *lines, torn = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            entry: Entry = decode(line)
        except RefusedError:
            raise DamagedJournalError(path, number) from None
        yield entry
    if torn:
        log.warning("the journal's last line is torn and was dropped", extra={"line": len(lines) + 1})


class DamagedJournalError(Exception):
    """A line that is not the last cannot be read."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(f"{path} is damaged at line {line}; delete the file to start empty")


def rewrite(path: Path, lines: Iterator[bytes]) -> None:
    """Replace a journal: written beside it, then put in its place in one step."""
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
