"""Files of a model, trusted by their bytes and not by who packed them.

A safetensors file is the length of its header (8 bytes, little-endian), the header (JSON: dtype, shape and place of each tensor), and
the tensors one after the other (safetensors' format description). The tensors are read where the file is mapped: what no text needs,
such as most of the word table, is never in this process's own memory.
"""

import hashlib
import json
import math
import mmap
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import ConfigurationError

Tensor = NDArray[np.float32]

TENSORS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
VOCABULARY_SHA256: Final = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
"""Of all-MiniLM-L6-v2 as its authors published it."""

_LENGTH_BYTES = 8
_FLOAT32 = "F32"


def read_tensors(path: Path, *, sha256: str) -> dict[str, Tensor]:
    """The float32 tensors of a safetensors file by name, read-only. Tensors of other types are left out.

    Raises:
        ConfigurationError: the file is not there, or is not the one of that hash.
    """
    _check(path, sha256)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    start = _LENGTH_BYTES + int.from_bytes(mapped[:_LENGTH_BYTES], "little")
    header: dict[str, dict[str, Any]] = json.loads(mapped[_LENGTH_BYTES:start])
    return {
        name: np.frombuffer(mapped, np.dtype("<f4"), math.prod(tensor["shape"]), start + tensor["data_offsets"][0]).reshape(tensor["shape"])
        for name, tensor in header.items()
        if tensor.get("dtype") == _FLOAT32
    }


def read_vocabulary(path: Path, *, sha256: str) -> dict[str, int]:
    """Piece → id, its line's number from 0.

    Raises:
        ConfigurationError: the file is not there, or is not the one of that hash.
    """
    _check(path, sha256)
    # Not splitlines(): some pieces are what Unicode calls a line's end.
    pieces = path.read_text("utf-8").removesuffix("\n").split("\n")
    return {piece: number for number, piece in enumerate(pieces)}


def _check(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise ConfigurationError(f"the offline encoder's file {path.name} is not there; install its package again") from None
    if found != sha256:
        raise ConfigurationError(
            f"the offline encoder's file {path.name} has the SHA-256 {found[:12]}…, not {sha256[:12]}…: its vectors could not be compared"
        )
