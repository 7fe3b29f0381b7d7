"""Names and texts as words that can be compared: accents, case, apostrophes, dots and legal forms taken away.

Words are what stands between spaces, hyphens, underscores, slashes and other punctuation (a channel called ``acme-renewal-2026`` has
three); ``camelCase`` is one word. Dots between single letters are no punctuation (``S.A.`` is ``sa``), nor are apostrophes inside a word.
A run of Chinese or Japanese signs is one word, since nothing stands between theirs. All of it is the same for a name and for a text that
has it.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from processors.enrichment.names.common_words import LEGAL_PREFIXES, LEGAL_SUFFIXES, UNSPACED_LEGAL_FORMS, is_common

_MARKS: Final = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0e3e\u0e40-\u0e4e"
"""What belongs to the letter before it, or is of a script whose vowels are such signs. Python's ``\\w`` has only letters and digits."""
_UNSEEN: Final = "\u00ad\u200b-\u200d\u2060\ufeff"
_UNSPACED: Final = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BESIDE: Final = ',.;:!?()[]"'
"""What may stand beside a word and is none of it, at either end."""
_APOSTROPHES: Final = "'\u2018\u2019\u02bc\u00b4`"

_ASCII_RUN: Final = re.compile(r"([A-Za-z0-9]+(?:['.][A-Za-z0-9]+)*|&(?:amp;)?)")
_RUN: Final = re.compile(rf"([^\W_](?:[{_APOSTROPHES}.]?(?:[^\W_]|[{_MARKS}{_UNSEEN}])+)*|&(?:amp;)?)")
"""What has the words of a text, most often one. A group, so that ``split`` gives what is between them, too: the fastest way to places."""
_WORD: Final = re.compile(
    rf"[^\W\d_{_UNSPACED}](?:\.[^\W\d_{_UNSPACED}])+(?![^\W_])"
    rf"|[{_UNSPACED}]+"
    rf"|[^\W_{_UNSPACED}](?:[{_APOSTROPHES}]?(?:[^\W_{_UNSPACED}]|[{_MARKS}{_UNSEEN}])+)*"
    rf"|&(?:amp;)?"
)
_ALIKE: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ł": "l", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "th", "ŧ": "t"}
)
_DROPPED_MARKS: Final = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670]")
_POSSESSIVE: Final = re.compile(rf"[{_APOSTROPHES}][sS]$")


class Word(NamedTuple):
    """One word of a text."""

    form: str
    """What it is compared by: never empty; lower case without accents."""
    start: int
    """Where it begins in the text it is of, in characters."""
    end: int
    """Where it ends: ``text[start:end]`` is the word as it was written."""
    is_capital: bool
    """Whether it could be a name, by how it is written: it has a capital letter, or its script has none."""
    bare: str
    """``form`` without a possessive ending: ``acme`` for ``Acme's``, whose form is ``acmes``; else the same as ``form``."""


def words_in(text: str) -> list[Word]:
    """The words of a text, in order. ``&`` is the word ``and``."""
    words: list[Word] = []
    add, new, place = words.append, tuple.__new__, 0
    for part in text.split(" "):  # most of them are a plain word, with a comma behind it at most: the pattern is for the others
        run = part.strip(_BESIDE)
        if run.isalnum() and run.isascii():
            start = place if part[0] == run[0] else place + part.index(run)
            form = run.lower()
            add(new(Word, (form, start, start + len(run), form != run, form)))
        elif run:
            words += _words_of_part(part, place)
        place += len(part) + 1
    return words


def normal_name(text: str, *, is_company: bool = True) -> tuple[str, ...]:
    """A name's words without legal forms, which is what the name is known by; empty only when it has no words at all.

    Pass ``is_company=False`` for a person's or a deal's name, whose last word may look like a legal form (``Ana Sá``).
    """
    words = tuple(sys.intern(word.form) for word in words_in(text))  # a hundred thousand names share most of their words
    return _without_legal_forms(words) if is_company else words


def key_word(words: Sequence[str]) -> str | None:
    """The longest word that is not common, of those as long the first by the alphabet; None: all are common."""
    uncommon = [word for word in words if not is_common(word)]
    return min(uncommon, key=lambda word: (-len(word), word)) if uncommon else None


def _words_of_part(part: str, offset: int) -> Iterator[Word]:
    runs, end = iter((_ASCII_RUN if part.isascii() else _RUN).split(part)), offset
    for between in runs:
        run = next(runs, None)
        if run is None:
            break
        start = end + len(between)
        end = start + len(run)
        yield from _words_of_run(run, start)


def _words_of_run(run: str, offset: int) -> Iterator[Word]:
    for match in _WORD.finditer(run):
        written, start, end = match.group(), offset + match.start(), offset + match.end()
        if form := _folded(written):
            possessive = _POSSESSIVE.search(written)
            bare = (_folded(written[: possessive.start()]) if possessive else form) or form
            yield Word(form, start, end, written != written.lower() or _has_no_case(written[0]), bare)


def _folded(written: str) -> str:
    """A word's form; empty when nothing of it is a letter or a digit."""
    if written.isascii() and written.isalnum():
        return written.lower()
    if written[0] == "&":
        return "and"
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", written.casefold()).casefold())
    whole = unicodedata.normalize("NFC", _DROPPED_MARKS.sub("", apart).translate(_ALIKE))
    signs = "".join(sign for sign in whole if sign.isalnum() or unicodedata.category(sign)[0] == "M")
    first = next((place for place, sign in enumerate(signs) if sign.isalnum()), len(signs))
    return signs[first:]


def _has_no_case(sign: str) -> bool:
    return sign.isalpha() and sign.lower() == sign.upper()


def _without_legal_forms(words: tuple[str, ...]) -> tuple[str, ...]:
    while (shorter := _shorter(words)) != words:
        words = shorter
    if words and not words[-1].isascii():
        for form in UNSPACED_LEGAL_FORMS:
            last = words[-1].removesuffix(form)
            if last:
                words = (*words[:-1], last)
            first = words[0].removeprefix(form)
            if first:
                words = (first, *words[1:])
    return words


def _shorter(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without its last legal form, or its first; the same when there is none, or nothing else."""
    for count in range(min(len(words) - 1, 5), 0, -1):
        if words[-count:] in LEGAL_SUFFIXES:
            return words[:-count]
    if len(words) > 1 and words[0] in LEGAL_PREFIXES:
        return words[1:]
    return words[:-1] if len(words) > 1 and words[-1] == "and" else words
