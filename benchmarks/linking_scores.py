"""From answers with scores to figures: what a threshold makes of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What a contender says to one query."""

    key: str
    score: float
    """Of the best candidate; 0 where there is none."""
    is_right: bool
    lead: float
    """How much the second is behind."""


class Figures(NamedTuple):
    """What was linked."""

    precision: float
    recall: float
    f1: float
    linked: int
    right: int
    asked: int

    def rounded(self) -> dict[str, Any]:
        """For the results."""
        return {name: round(value, 4) for name, value in self._asdict().items()}


def figures(answers: Sequence[Answer], threshold: float, *, margin: float = 0.0) -> Figures:
    """Of linking from a score on, where the second is so much behind. Of nothing linked the precision is 0."""
    linked = [answer for answer in answers if answer.score >= threshold and answer.lead >= margin]
    right = sum(answer.is_right for answer in linked)
    precision, recall = right / max(1, len(linked)), right / max(1, len(answers))
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Figures(precision, recall, f1, len(linked), right, len(answers))


def best_threshold(answers: Sequence[Answer]) -> float:
    """The score from which on linking has the highest F1; of equal ones the highest. 1 where nothing is right."""
    best, right = (0.0, 1.0), 0
    ranked = sorted(answers, key=lambda answer: -answer.score)
    for place, answer in enumerate(ranked, 1):
        right += answer.is_right
        if place == len(ranked) or ranked[place].score < answer.score:
            best = max(best, (2 * right / (place + len(answers)), answer.score))
    return best[1]
