"""all-MiniLM-L6-v2 on this machine's processor, without a network. Importing this module imports NumPy."""

from collections.abc import Sequence
from pathlib import Path

from shared.embeddings.offline.bert import Bert
from shared.embeddings.offline.model import parts
from shared.embeddings.offline.package import TENSORS, VOCABULARY
from shared.embeddings.offline.weights import TENSORS_SHA256, VOCABULARY_SHA256, read_tensors, read_vocabulary
from shared.embeddings.offline.wordpiece import WordPiece


class MiniLm:
    """The bare encoder, on the caller's thread.

    Raises:
        ConfigurationError: the folder does not hold the weights we know.
    """

    def __init__(self, weights: Path) -> None:
        self._wordpiece = WordPiece(read_vocabulary(weights / VOCABULARY, sha256=VOCABULARY_SHA256))
        self._bert = Bert(read_tensors(weights / TENSORS, sha256=TENSORS_SHA256))

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        return [self._wordpiece.tokens(text) for text in texts]

    def vectors(self, tokens: Sequence[Sequence[int]]) -> list[list[float]]:
        """Of one part, all at once."""
        vectors: list[list[float]] = self._bert.vectors(tokens).tolist()
        return vectors

    def encode_now(self, texts: Sequence[str]) -> list[list[float]]:
        tokens = self.tokens(texts)
        vectors: dict[int, list[float]] = {}
        for part in parts(tokens):
            vectors.update(zip(part, self.vectors([tokens[index] for index in part]), strict=True))
        return [vectors[index] for index in range(len(texts))]
