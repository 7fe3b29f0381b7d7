"""Text to the token ids that all-MiniLM-L6-v2 was trained with: BERT's uncased WordPiece.

After the algorithm's published description (Devlin et al., "BERT", and the description of its tokenizer): characters that are not text
are dropped; ideographs and punctuation stand alone; letters are lower-cased and lose their accents; then each word is cut greedily into
the longest pieces the vocabulary has, or is unknown as a whole.

Two differences from the vendors' tokenizers, both on purpose. A text that spells ``[SEP]`` is a text: nobody's message can put a
control token where it likes. And a text is read only as far as its tokens are used, so that a huge one costs no more than a long one;
therefore something that goes on for 4,096 characters without white space is read as several words.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

MAX_TOKENS: Final = 256
"""With the two that mark start and end; what comes after is not read (all-MiniLM-L6-v2, sentence_bert_config.json)."""

LONGEST_WORD_CHARACTERS: Final = 100
"""Longer ones are unknown, as in BERT's own tokenizer."""

_RUN = re.compile(r"[^ \t\n\r]{1,4096}")
_IDEOGRAPHS = (
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F)),
    *((0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F)),
)
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_NOT_TEXT = frozenset({"Cc", "Cf", "Co", "Cs"})
_REPLACEMENT_CHARACTER = 0xFFFD


class _Normal(dict[int, str]):
    """What becomes of a character of decomposed text (NFD). Each is worked out when it is first seen."""

    def __missing__(self, code: int) -> str:
        self[code] = _normal(code)
        return self[code]


def _normal(code: int) -> str:
    character = chr(code)
    category = unicodedata.category(character)
    if (character.isspace() and category != "Cc") or character in "\t\n\r":
        return " "
    if category in _NOT_TEXT or category == "Mn" or code == _REPLACEMENT_CHARACTER:
        return ""
    if character in _ASCII_PUNCTUATION or category.startswith("P") or any(first <= code <= last for first, last in _IDEOGRAPHS):
        return f" {character} "
    # Alone, so that the capital sigma has one small form wherever it stands.
    return character.lower()


class WordPiece:
    """The tokenizer of one vocabulary."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._normal = _Normal()
        self._unknown, self._start, self._end = (vocabulary[token] for token in ("[UNK]", "[CLS]", "[SEP]"))

    def tokens(self, text: str) -> list[int]:
        """From 2 to ``MAX_TOKENS`` ids, the marks of start and end included."""
        ids = [self._start]
        for word in self._words(text):
            ids += self._pieces(word)
            if len(ids) >= MAX_TOKENS - 1:
                break
        return [*ids[: MAX_TOKENS - 1], self._end]

    def _words(self, text: str) -> Iterator[str]:
        for run in _RUN.finditer(text):
            yield from unicodedata.normalize("NFD", run.group()).translate(self._normal).split()

    def _pieces(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD_CHARACTERS:
            return [self._unknown]
        ids: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                found = self._vocabulary.get(prefix + word[start:end])
                if found is not None:
                    break
            else:
                return [self._unknown]
            ids.append(found)
            start = end
        return ids
