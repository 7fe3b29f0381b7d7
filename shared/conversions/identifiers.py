"""The forms vendors write ids in, brought to one.

Salesforce writes an id with 15 case-sensitive characters or with 18, where the last three encode which of the first are capitals, so
that the id survives systems that ignore case (Salesforce developer documentation, "ID Field Type").
"""

import re
from string import ascii_letters, ascii_uppercase, digits
from typing import Final

_SALESFORCE_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
SHORT: Final = 15
_CHECK_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CAPITALS: Final = str.maketrans({letter: "1" if letter in ascii_uppercase else "0" for letter in ascii_letters + digits})


def salesforce_id(text: str) -> str:
    """The 18-character form.

    Raises:
        ValueError: when it is no Salesforce id, or an 18-character one whose check letters are wrong.
    """
    text = text.strip()
    if not _SALESFORCE_ID.fullmatch(text):
        raise ValueError("not a Salesforce id")
    whole = text[:SHORT] + _check_letters(text[:SHORT])
    if len(text) > SHORT and text.upper() != whole.upper():
        raise ValueError("not a Salesforce id: its check letters are wrong")
    return whole


def _check_letters(short: str) -> str:
    capitals = short.translate(_CAPITALS)
    return "".join(_CHECK_LETTERS[int(capitals[start : start + 5][::-1], 2)] for start in (0, 5, 10))
