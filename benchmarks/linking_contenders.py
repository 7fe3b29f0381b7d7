"""Both contenders of ``docs/linking-quality.md``: ours, as the linker would score, and rapidfuzz's ``WRatio``."""

from collections.abc import Callable, Mapping, Sequence, Set
from math import prod
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from benchmarks.linking_data import Companies, Person, Query, is_right
from benchmarks.linking_scores import Answer
from processors.enrichment.names.hit import NameHit
from processors.enrichment.names.index import NameIndex
from processors.enrichment.names.normal import normal_name
from processors.enrichment.names.similarity import name_similarity, name_strength
from shared.linking.policy import CEILINGS, WEIGHTS

NUMBER, BIRTH, ADDRESS = 0.70, 0.60, 0.50
"""Weights of what a person has beside the name: of a social security number that of a phone number."""
_MOST_LEADS: Final = 200
"""Persons of one day of birth that are looked at."""
Process = Callable[[str], str] | None


def name_score(hit: NameHit) -> float:
    """What a name alone comes to."""
    if hit.is_exact:
        return min(CEILINGS["name"], WEIGHTS["exact-name"] * hit.rarity)
    return min(CEILINGS["name"], WEIGHTS["fuzzy-name"] * name_strength(hit.similarity) * hit.rarity)


def ours_on_companies(companies: Companies, queries: Sequence[Query]) -> list[Answer]:
    """One answer a query."""
    index = NameIndex()
    by_key = {company.key: company for company in companies.candidates}
    for company in companies.candidates:
        index.put(company.key, "c_account", [normal_name(name) for name in company.names])
    answers = []
    for query in queries:
        scores = {hit.anchor_id: name_score(hit) for hit in index.of_name(normal_name(query.key))}
        answers.append(_answer(query.key, scores, {key for key in scores if is_right(query, by_key[key])}))
    return answers


def wratio_on_companies(companies: Companies, queries: Sequence[Query], processed: Process) -> list[Answer]:
    """One answer a query, of all names."""
    names = [(name, company) for company in companies.candidates for name in company.names]
    choices = [_processed(name, processed) for name, _ in names]
    answers = []
    for query in queries:
        found = process.extractOne(_processed(query.key, processed), choices, scorer=fuzz.WRatio)
        answers.append(Answer(query.key, found[1] / 100, is_right(query, names[found[2]][1]), lead=1.0))
    return answers


def ours_on_people(candidates: Sequence[Person], queries: Sequence[Person]) -> list[Answer]:
    """One answer a person."""
    index = NameIndex()
    by_key = {person.key: person for person in candidates}
    leads: dict[str, list[str]] = {}
    names = {person.key: _name(person) for person in candidates}
    for person in candidates:
        index.put(person.key, "c_contact", [names[person.key]])
        for lead in (person.number, person.birth):
            if lead:
                leads.setdefault(lead, []).append(person.key)
    answers = []
    for query in queries:
        named = {hit.anchor_id: hit for hit in index.of_name(_name(query))}
        keys = {*named, *leads.get(query.number, ())[:_MOST_LEADS], *leads.get(query.birth, ())[:_MOST_LEADS]}
        scores = {key: _person_score(query, by_key[key], named.get(key)) for key in keys}
        answers.append(_answer(query.key, scores, {query.key}))
    return answers


def wratio_on_people(candidates: Sequence[Person], queries: Sequence[Person], processed: Process) -> list[Answer]:
    """One answer a person, of all."""
    choices = [_processed(person.text, processed) for person in candidates]
    answers = []
    for query in queries:
        found = process.extractOne(_processed(query.text, processed), choices, scorer=fuzz.WRatio)
        answers.append(Answer(query.key, found[1] / 100, candidates[found[2]].key == query.key, lead=1.0))
    return answers


PROCESSES: Final[Mapping[str, Process]] = {"as written": None, "default_process": default_process}


def _person_score(query: Person, person: Person, hit: NameHit | None) -> float:
    """The linker's formula; each piece is of a source of its own."""
    pieces = [name_score(hit)] if hit is not None else []
    if query.number and query.number == person.number:
        pieces.append(NUMBER)
    if query.birth and query.birth == person.birth:
        pieces.append(BIRTH)
    if query.address and person.address:
        alike = name_similarity(_words(query.address), _words(person.address), lambda word: 0.3 if len(word) < 4 else 1.0)
        pieces.append(ADDRESS * name_strength(alike))
    return 1 - prod(1 - piece for piece in pieces)


def _answer(key: str, scores: Mapping[str, float], right: Set[str]) -> Answer:
    """The candidate with the best score; of equal ones the first by its key."""
    ranked: Sequence[tuple[float, str]] = sorted(((score, other) for other, score in scores.items()), key=lambda pair: (-pair[0], pair[1]))
    if not ranked:
        return Answer(key, 0.0, is_right=False, lead=0.0)
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    return Answer(key, ranked[0][0], ranked[0][1] in right, ranked[0][0] - second)


def _name(person: Person) -> tuple[str, ...]:
    return _words(f"{person.given_name} {person.surname}")


def _words(text: str) -> tuple[str, ...]:
    return normal_name(text, is_company=False)


def _processed(text: str, processed: Process) -> str:
    return processed(text) if processed is not None else text
