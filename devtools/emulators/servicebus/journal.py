"""The append-only file that lets the stand-in be killed.

Records are collected and written once per turn of the event loop, as one block (length, CRC-32, records), before any answer of
that turn leaves: a block that is torn at the end of the file was never acknowledged, and is dropped as a whole. `os.write` hands
the block to the operating system, which survives the death of this process; surviving the machine's takes `sync=True`.

A disk that is full may take a part of a block: that part is never believed, and nothing of it was acknowledged.

At every start the file is read and rewritten with what is still there. It is not rewritten while running.
"""

import errno
import fcntl
import os
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

from devtools.emulators.servicebus.decoding import decode
from devtools.emulators.servicebus.encoding import encode
from devtools.emulators.servicebus.mishaps import Mishaps
from devtools.emulators.servicebus.records import Activated, Failed, Numbered, QueueSnapshot, Record, Remembered, Removed, Stored
from devtools.emulators.servicebus.values import Long, UByte
from devtools.faults.plan import Kind

FILE_NAME = "service-bus.journal"
_MAGIC = b"service bus journal 1\n"
_BLOCK = struct.Struct(">II")  # length and CRC-32 of what follows
_KINDS: tuple[type[Any], ...] = (Stored, Removed, Failed, Activated, Remembered, Numbered)
_WRITTEN = {kind: (UByte(code), attrgetter(*kind.__slots__)) for code, kind in enumerate(_KINDS)}


class JournalError(RuntimeError):
    """The journal cannot be used; the text says why."""


class MemoryJournal:
    """No durability: what a broker without a data directory writes to."""

    def write(self, record: Record) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class FileJournal:
    """The journal of one broker. Opening reads, compacts and locks it; `snapshots` holds what was found, by queue name."""

    def __init__(self, directory: Path, *, now_ms: int, sync: bool = False, mishaps: Mishaps | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(directory)
        self._sync = sync
        self._pending: list[bytes] = []
        self._mishaps = Mishaps()  # what is found is written again unharmed
        path = directory / FILE_NAME
        self.snapshots = replay(path.read_bytes()) if path.exists() else {}
        fresh = path.with_suffix(".new")
        self._file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _write_all(self._file, _MAGIC)
        for record in _survivors(self.snapshots, now_ms):
            self.write(record)
        self.flush()
        os.fsync(self._file)
        fresh.replace(path)
        self._mishaps = mishaps or self._mishaps

    def write(self, record: Record) -> None:
        self._pending.append(_to_bytes(record))

    def flush(self) -> None:
        """Hand everything written so far to the operating system. Raises OSError, after which the broker must not go on."""
        if not self._pending:
            return
        length, crc = sum(map(len, self._pending)), 0
        for record in self._pending:
            crc = zlib.crc32(record, crc)
        framed = b"".join((_BLOCK.pack(length, crc), *self._pending))
        if self._mishaps.happens(Kind.DISK_FULL, "journal"):
            _write_all(self._file, framed[: self._mishaps.choose(range(len(framed)))])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        _write_all(self._file, framed)
        self._pending.clear()
        if self._sync:
            os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)
        os.close(self._lock)


def replay(content: bytes) -> dict[str, QueueSnapshot]:
    """What a journal's bytes say, up to the first block that is not whole."""
    if content and not content.startswith(_MAGIC):
        raise JournalError(f"{FILE_NAME} was not written by this version of the local Service Bus; move it away to start empty")
    snapshots: dict[str, QueueSnapshot] = {}
    for record in _records(content):
        _apply(record, snapshots.setdefault(record.queue, QueueSnapshot()))
    return snapshots


def _records(content: bytes) -> Iterator[Record]:
    at = len(_MAGIC)
    while at + _BLOCK.size <= len(content):
        length, crc = _BLOCK.unpack_from(content, at)
        block = content[at + _BLOCK.size : at + _BLOCK.size + length]
        if len(block) < length or zlib.crc32(block) != crc:
            print(f"service bus: the journal's last {len(content) - at} bytes were not written whole; dropped", file=sys.stderr)
            return
        yield from _from_bytes(block)
        at += _BLOCK.size + length


def _apply(record: Record, snapshot: QueueSnapshot) -> None:
    match record:
        case Stored():
            snapshot.stored[record.sequence_number] = record
            _number_used(snapshot, record.sequence_number)
        case Removed():
            snapshot.stored.pop(record.sequence_number, None)
        case Failed(sequence_number=number):
            snapshot.stored[number] = _changed(snapshot.stored[number], delivery_count=record.delivery_count)
        case Activated(new_sequence_number=number):
            scheduled = snapshot.stored.pop(record.sequence_number)
            snapshot.stored[number] = _changed(scheduled, sequence_number=number, enqueued_ms=record.enqueued_ms, scheduled_ms=None)
            _number_used(snapshot, number)
        case Remembered():
            snapshot.remembered[record.message_id] = record.until_ms
        case Numbered():
            _number_used(snapshot, record.next_sequence_number - 1)


def _number_used(snapshot: QueueSnapshot, sequence_number: int) -> None:
    snapshot.next_sequence_number = max(snapshot.next_sequence_number, sequence_number + 1)


def _changed(stored: Stored, **changes: Any) -> Stored:
    return Stored(**{name: changes.get(name, getattr(stored, name)) for name in Stored.__slots__})


def _survivors(snapshots: Mapping[str, QueueSnapshot], now_ms: int) -> Iterator[Record]:
    """The shortest journal that says the same."""
    for queue, snapshot in snapshots.items():
        yield Numbered(queue, snapshot.next_sequence_number)
        yield from snapshot.stored.values()
        yield from (Remembered(queue, message_id, until_ms) for message_id, until_ms in snapshot.remembered.items() if until_ms > now_ms)


def _to_bytes(record: Record) -> bytes:
    code, fields_of = _WRITTEN[type(record)]
    return encode([code, *[Long(field) if type(field) is int else field for field in fields_of(record)]])


def _from_bytes(block: bytes) -> Iterator[Record]:
    at = 0
    while at < len(block):
        (kind, *fields), at = decode(block, at)
        yield _KINDS[kind](*(int(field) if type(field) is Long else field for field in fields))


def _lock(directory: Path) -> int:
    """Hold the directory for this process: two brokers appending to one journal would destroy it."""
    handle = os.open(directory / "service-bus.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise JournalError(f"{directory} is in use by another local Service Bus; stop it or choose another --data directory") from error
    return handle


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
