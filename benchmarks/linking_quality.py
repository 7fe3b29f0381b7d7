"""How good linking by names is on public data, by the protocol of ``docs/linking-quality.md``; and how fast names are looked up."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks import name_lookups
from benchmarks.linking_contenders import PROCESSES, Process, ours_on_companies, ours_on_people, wratio_on_companies, wratio_on_people
from benchmarks.linking_data import Companies, companies, is_training, people
from benchmarks.linking_scores import Answer, Figures, best_threshold, figures
from benchmarks.measurement import goal, say
from shared.linking.policy import LinkingPolicy

Ours = Callable[[Any], list[Answer]]
Theirs = Callable[[Any, Process], list[Answer]]

PRECISION: Final = 0.98
RECALL: Final = 0.6


def measure() -> dict[str, Any]:
    """All of it.

    Raises:
        RuntimeError: the data is not installed.
    """
    measured = [measure_people(), measure_companies()]
    lookups = name_lookups.measure()
    goals: list[dict[str, Any]] = []
    for one in measured:
        ours, wratio = one["ours"]["f1"], one["wratio"]["f1"]
        goals.append(goal(f"linking by names, {one['set']}: F1 more than WRatio's", round(ours - wratio, 4), at_least=0.0001))
        goals.append(
            goal(f"linking by names, {one['set']}: precision of automatic links", one["automatic"]["precision"], at_least=PRECISION)
        )
        goals.append(goal(f"linking by names, {one['set']}: recall of automatic links", one["automatic"]["recall"], at_least=RECALL))
    goals += [goal(f"names looked up in a text, {row['names']} names, ms", row["both_ms"], at_most=2) for row in lookups]
    return {"sets": measured, "lookups": lookups, "goals": goals}


def measure_people() -> dict[str, Any]:
    """On FEBRL4."""
    candidates, queries = people()
    say(f"linking: {len(queries)} persons among {len(candidates)}")
    return {"set": "people", "candidates": len(candidates)} | _compared(
        queries,
        lambda asked: ours_on_people(candidates, asked),
        lambda asked, processed: wratio_on_people(candidates, asked, processed),
    )


def measure_companies() -> dict[str, Any]:
    """On names of stock indices."""
    known = companies()
    say(f"linking: {len(known.queries)} company names among {len(known.candidates)}")
    return {"set": "companies", "candidates": len(known.candidates), "strangers": _strangers(known)} | _compared(
        known.queries,
        lambda asked: ours_on_companies(known, asked),
        lambda asked, processed: wratio_on_companies(known, asked, processed),
    )


def sample_people(most: int) -> Figures:
    """Automatic links of so many persons of the training half, among all."""
    candidates, queries = people()
    return automatic(ours_on_people(candidates, [query for query in queries if is_training(query.key)][:most]))


def sample_companies(most: int) -> Figures:
    """Automatic links of so many company names of the training half, among their own companies and fifty times as many others."""
    known = companies()
    queries = [query for query in known.queries if is_training(query.key)][:most]
    return automatic(ours_on_companies(known.around(queries, others=50 * most), queries))


def automatic(answers: Sequence[Answer]) -> Figures:
    """What the linker links without asking."""
    policy = LinkingPolicy()
    return figures(answers, policy.link_from, margin=policy.margin)


def _compared(queries: Sequence[Any], ours: Ours, theirs: Theirs) -> dict[str, Any]:
    training = [query for query in queries if is_training(query.key)]
    test = [query for query in queries if not is_training(query.key)]
    threshold = best_threshold(ours(training))
    answers = ours(test)
    thresholds: dict[str, float] = {}
    trained: dict[str, float] = {}
    for name, processed in PROCESSES.items():
        say(f"linking: WRatio, {name}")
        scored = theirs(training, processed)
        thresholds[name] = best_threshold(scored)
        trained[name] = figures(scored, thresholds[name]).f1
    chosen = max(trained, key=lambda name: trained[name])
    say(f"linking: WRatio on the other half, {chosen}")
    rival = theirs(test, PROCESSES[chosen])
    return {
        "training": len(training),
        "test": len(test),
        "ours": {"threshold": round(threshold, 4)} | figures(answers, threshold).rounded(),
        "wratio": {"threshold": round(thresholds[chosen], 4), "processed": chosen} | figures(rival, thresholds[chosen]).rounded(),
        "automatic": automatic(answers).rounded(),
    }


def _strangers(known: Companies) -> dict[str, int]:
    test = [query for query in known.strangers if not is_training(query.key)]
    return {"asked": len(test), "linked": automatic(ours_on_companies(known, test)).linked}
