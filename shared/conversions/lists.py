"""Kinds of fields that read lists. A shard keeps them as JSON in one order: the same list in another order is no change."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Literal

from typing_extensions import override

from shared.access.attendance import Attendance
from shared.contracts.ingestion import Coverage
from shared.conversions.kind import Kind, Scalar, flag_of


class Identifiers(Kind):
    """A list of ids; an empty one is nothing."""

    kind: Literal["list of ids"] = "list of ids"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        found = _ids(value)
        return json.dumps(sorted(found)) if found else None


class Teams(Kind):
    """The teams somebody is a full member of: ``field`` is one id, ``several`` a list of them where the vendor gives it. None for whoever
    is a guest, a bot or gone, which is an empty list."""

    kind: Literal["list of teams"] = "list of teams"
    several: str
    unless: tuple[str, ...]
    """Flags of the vendor's. One that is true: a full member of no team."""

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return (self.field, self.several, *self.unless)

    @override
    def found_in(self, record: Mapping[str, Any]) -> Any:
        flags = [Kind(field=name).found_in(record) for name in self.unless]
        if any(flag_of(flag) for flag in flags if flag is not None):
            return []
        one = super().found_in(record)
        return Kind(field=self.several).found_in(record) or (None if one is None else [one])

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return json.dumps(sorted(_ids(value)))


class Roster(Kind):
    """Who is in a channel: a list of ids, or, of single people, an object of ids and true or false.

    A coverage names single people as ``<field>.<id>``: it speaks for them, and for nobody else in the channel.
    """

    kind: Literal["roster"] = "roster"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a whole one."""
        return Attendance(dict.fromkeys(_ids(value), True), is_whole=True).written()

    def singles(self, coverage: Coverage, later: Collection[str]) -> tuple[str, ...]:
        """The people a coverage names, without those of whom, or of all of whom, something later is known."""
        if coverage == "complete" or self.field in later:
            return ()
        return tuple(name.removeprefix(self._of_one) for name in coverage if name.startswith(self._of_one) and name not in later)

    def changed(self, value: Any, known: object, singles: Collection[str]) -> Scalar:
        """What is known, with what was said of single people.

        Raises:
            ValueError: when it does not say of each whether they are in.
        """
        if not isinstance(value, Mapping) or not all(isinstance(value.get(one), bool) for one in singles):
            raise ValueError("not a roster")
        return Attendance.of(known).but({one: value[one] for one in singles}).written()

    def kept(self, read: Scalar, known: object, later: Collection[str]) -> Scalar:
        """A whole one that was read, with the people as they are known of whom something later is known."""
        was = Attendance.of(known)
        since = {one: was.says(one) for one in (name.removeprefix(self._of_one) for name in later if name.startswith(self._of_one))}
        return Attendance.of(read).but({one: is_in for one, is_in in since.items() if is_in is not None}).written()

    @property
    def _of_one(self) -> str:
        return f"{self.field}."


def _ids(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("not a list of ids")
    return frozenset(value)
