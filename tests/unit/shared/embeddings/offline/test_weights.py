import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.embeddings.offline.weights import read_tensors, read_vocabulary
from shared.errors import ConfigurationError


def safetensors(header: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


MADE_UP = safetensors(
    {
        "__metadata__": {"format": "pt"},
        "places": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]},
        "table": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]},
        "bias": {"dtype": "F32", "shape": [1], "data_offsets": [32, 36]},
    },
    (7).to_bytes(8, "little") + np.array([1, 2, 3, 4, 5, 6, -0.5], dtype="<f4").tobytes(),
)


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "weights"
    path.write_bytes(content)
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_float_tensors_of_the_file_are_read_by_name(tmp_path: Path) -> None:
    tensors = read_tensors(stored(tmp_path, MADE_UP), sha256=sha256(MADE_UP))

    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {"table": [[1, 2, 3], [4, 5, 6]], "bias": [-0.5]}


def test_nobody_writes_into_the_weights(tmp_path: Path) -> None:
    tensors = read_tensors(stored(tmp_path, MADE_UP), sha256=sha256(MADE_UP))

    with pytest.raises(ValueError, match="read-only"):
        tensors["bias"][0] = 1


@pytest.mark.parametrize("place", [0, 20, len(MADE_UP) - 1], ids=["length", "header", "last number"])
def test_one_wrong_byte_and_a_person_must_act(place: int, tmp_path: Path) -> None:
    changed = MADE_UP[:place] + bytes([MADE_UP[place] ^ 1]) + MADE_UP[place + 1 :]

    with pytest.raises(ConfigurationError, match="weights has the SHA-256"):
        read_tensors(stored(tmp_path, changed), sha256=sha256(MADE_UP))


def test_a_file_that_went_away_is_for_a_person_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gone is not there"):
        read_tensors(tmp_path / "gone", sha256=sha256(MADE_UP))


def test_a_pieces_id_is_its_line_and_only_a_newline_ends_one(tmp_path: Path) -> None:
    content = "[PAD]\na\u2028b\n##é\n".encode()

    vocabulary = read_vocabulary(stored(tmp_path, content), sha256=sha256(content))

    assert vocabulary == {"[PAD]": 0, "a\u2028b": 1, "##é": 2}


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="weights has the SHA-256"):
        read_vocabulary(stored(tmp_path, b"[PAD]\n"), sha256=sha256(b"[UNK]\n"))
