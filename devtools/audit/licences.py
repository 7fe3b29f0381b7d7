"""Under which licences others' code ships: an allow list, over what the installed packages say of themselves.

A package says it as an SPDX expression (PEP 639), or in the words of before: those that occur are in a table.
"""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata

from devtools.audit.pins import Pin

ALLOWED = frozenset({"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "0BSD", "Unlicense"})
"""Permissive ones: they ask for their notice, which ships with the package."""

WORDS = {
    "mit license": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}
"""Words of before SPDX, in lower case."""

_WORD = re.compile(r"[()]|[^()\s]+")
_LONGEST = 60
"""A field that is longer holds the licence's whole text."""


def faults(pins: Iterable[Pin], accepted: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Shipped packages whose licence is not allowed, or not said; those not installed here cannot be asked and are passed over."""
    excused = set(accepted)
    seen = set()
    for pin in pins:
        licence = licence_of(pin.name)
        if licence is None:
            continue
        seen.add((pin.name, licence))
        if not is_allowed(licence) and (pin.name, licence) not in excused:
            yield f"{pin.name}: its licence ({licence or 'none is said'}) is not on the list of devtools/audit/licences.py"
    yield from (f"accepted.toml: no shipped package is {name} under {licence}: take it out" for name, licence in sorted(excused - seen))


def licence_of(name: str) -> str | None:
    """What an installed package says: an SPDX expression, or its own words; "" when nothing; None when it is not installed."""
    try:
        said = metadata(name).json
    except PackageNotFoundError:
        return None
    text = str(said.get("license_expression") or said.get("license") or "").strip()
    if not text or len(text) > _LONGEST or "\n" in text:
        classified = [line.rpartition(" :: ")[2] for line in said.get("classifier", []) if line.startswith("License ::")]
        text = " AND ".join(WORDS.get(one.lower(), one) for one in classified)
    return WORDS.get(text.lower(), text)


def is_allowed(expression: str) -> bool:
    """Whether an SPDX expression can be met with allowed licences: every side of an AND, one side of an OR.

    An exception to a licence (``WITH``) only ever allows more, but is not read: it makes an expression one for a person to look at.
    """
    words = _WORD.findall(expression)
    allowed = _either(words)
    return allowed and not words


def _either(words: list[str]) -> bool:
    allowed = _both(words)
    while words and words[0] == "OR":
        words.pop(0)
        allowed = _both(words) or allowed
    return allowed


def _both(words: list[str]) -> bool:
    allowed = _one(words)
    while words and words[0] == "AND":
        words.pop(0)
        allowed = _one(words) and allowed
    return allowed


def _one(words: list[str]) -> bool:
    if not words:
        return False
    word = words.pop(0)
    if word != "(":
        return word in ALLOWED
    allowed = _either(words)
    return bool(words) and words.pop(0) == ")" and allowed
