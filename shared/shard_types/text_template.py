"""What of a shard is put into words for search: a declarative template, one per type.

The first paragraph names the record and states its facts, a line each; every long text follows in paragraphs of its own. What is empty is
left out. The same shard always gives the same text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.contracts.canonical import digest


@dataclass(frozen=True)
class TextTemplate:
    """How a type of shard reads."""

    noun: str
    """What such a record is called."""
    title: str
    """The field that names it. A shard without one has no text: there is nothing to find it by."""
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    """A label and the fields behind it, in order; values are separated by a space."""
    passages: tuple[str, ...]
    """The fields that hold whole texts, in order."""

    @property
    def version(self) -> str:
        """A hash of the template: another template makes other texts."""
        return digest(asdict(self))

    def heading(self, data: Mapping[str, Any]) -> str:
        """The line that names the record; empty for a record without a name."""
        title = _said(data.get(self.title))
        return f"{self.noun}: {title}" if title else ""

    def text(self, data: Mapping[str, Any], *more: str | None) -> str:
        """The text of a shard's structured data, and what else belongs to it, in paragraphs."""
        heading = self.heading(data)
        if not heading:
            return ""
        passages = [_said(data.get(field)) for field in self.passages] + [(text or "").strip() for text in more]
        return "\n\n".join(["\n".join([heading, *self._facts(data)]), *(passage for passage in passages if passage)])

    def _facts(self, data: Mapping[str, Any]) -> Iterator[str]:
        for label, fields in self.facts:
            values = [value for field in fields if (value := _said(data.get(field)))]
            if values:
                yield f"{label}: {' '.join(values)}"


def _said(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case str():
            return value.strip()
        case int() | float():
            return str(value)
        case _:
            return ""
