"""Files that only their owner may read, whole or not there at all; and what an export remembers of each."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True)
class Written:
    """One file."""

    file: str
    place: str
    count: int
    sha256: str
    size_bytes: int

    def plain(self) -> dict[str, Any]:
        """Its entry in the manifest."""
        return {"file": self.file, "place": self.place, "count": self.count, "sha256": self.sha256, "sizeBytes": self.size_bytes}


def written_of(read: dict[str, Any]) -> Written:
    """What ``plain`` gave.

    Raises:
        LookupError: it is none of ours.
    """
    return Written(read["file"], read["place"], read["count"], read["sha256"], read["sizeBytes"])


def as_line(document: dict[str, Any]) -> bytes:
    """One of many in a file."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def as_document(document: dict[str, Any]) -> bytes:
    """A file of its own, for people to read as well."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def put(path: Path, body: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f"{path.name}.partial")
    with opened(unfinished) as written:
        written.write(body)
    unfinished.replace(path)


def opened(path: Path) -> BinaryIO:
    """To write, for nobody else to read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def hashed(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()
