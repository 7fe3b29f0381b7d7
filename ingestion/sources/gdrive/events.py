"""Files, people and groups as events. One that cannot be made an event must not cost the others."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ingestion.sources.gdrive.answers import objects_in, text_in
from ingestion.sources.gdrive.fields import FILE, PARENTS, PERMISSIONS, SOURCE, USER, names_without
from ingestion.sources.gdrive.logs import File, Log, Place
from ingestion.sources.source import GiveWay, to_nobody
from shared.connections.connection import Connection
from shared.contracts.ingestion import IN_A_TURN, Coverage, IngestionEvent
from shared.gaps.gap import GapReason

VERSION_DIGITS: Final = 20
"""As many as the largest number of 64 bits has."""
GROUP: Final = "Group"


def vendor_version(file: File) -> str | None:
    """The version as text that sorts; None where there is none."""
    said = file.get("version")
    text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
    return text.zfill(VERSION_DIGITS) if text.isascii() and text.isdecimal() and len(text) <= VERSION_DIGITS else None


@dataclass(frozen=True)
class Seen:
    """Who saw something, through which stream, and when."""

    connection: Connection
    run: str
    stream: str
    at: datetime
    give_way: GiveWay = to_nobody

    def file(self, file: File, *, is_home: bool) -> IngestionEvent:
        """A file as it is, be it in the trash. One without ``permissions`` says nothing of them; nor does that of a guest of its folder,
        which is told only to those who may look into it.

        Raises:
            ValueError: it has no id, or holds what is no JSON value.
        """
        silent = frozenset(name for name in ((PERMISSIONS,) if is_home else (PERMISSIONS, PARENTS)) if name not in file)
        coverage: Coverage = names_without(silent) if silent else "complete"
        return self._event(
            FILE, str(file["id"]), payload=file, coverage=coverage, version=vendor_version(file), stream=self.stream, is_home=is_home
        )

    def gone(self, file_id: str, record_type: str = FILE) -> IngestionEvent:
        """The stream does not hold this one any more."""
        return self._event(record_type, file_id, payload=None, stream=self.stream)

    def people(self, people: Iterable[dict[str, Any]]) -> list[IngestionEvent]:
        """Everybody who can be put into an event."""
        events = []
        for person in people:
            with suppress(ValueError):
                events.append(self.person(person))
        return events

    def person(self, person: dict[str, Any]) -> IngestionEvent:
        """Somebody who owns files. An address that is not shown is not known to be none."""
        coverage: Coverage = "complete" if text_in(person, "emailAddress") else tuple(sorted(person))
        return self._event(USER, str(person["permissionId"]), payload=person, coverage=coverage)

    def group(self, group: dict[str, Any]) -> IngestionEvent:
        """A group with everybody in it. Raises ValueError as ``file``."""
        return self._event(GROUP, str(group["email"]), payload=group, stream=self.stream, is_home=True)

    async def files(self, files: Iterable[File], log: Log) -> tuple[list[IngestionEvent], tuple[GapReason, ...]]:
        """Those that are the log's, and the gap that those leave which cannot be put into an event. After some of them others go first."""
        events, unreadable = [], 0
        for number, file in enumerate(files, 1):
            if number % IN_A_TURN == 0:
                await self.give_way()
            try:
                events.append(self.file(file, is_home=log.place_of(file) is Place.HOME))
            except (ValueError, KeyError):  # no id, or what is no JSON value; pydantic's own is a ValueError as well
                unreadable += 1
        return events, ("rejected",) if unreadable else ()

    def _event(
        self,
        record_type: str,
        source_id: str,
        *,
        payload: dict[str, Any] | None,
        coverage: Coverage = "complete",
        version: str | None = None,
        stream: str | None = None,
        is_home: bool = False,
    ) -> IngestionEvent:
        return IngestionEvent(
            tenant_id=self.connection.tenant_id,
            correlation_id=self.run,
            source=SOURCE,
            source_id=source_id,
            event_type="delete" if payload is None or payload.get("trashed") is True else "update",
            observed_at=self.at,
            payload=payload,
            connection_id=self.connection.id,
            record_type=record_type,
            vendor_version=version,
            coverage=coverage,
            run=self.run,
            stream=stream,
            is_home=is_home,
        )


def owners_in(files: Iterable[File]) -> dict[str, dict[str, Any]]:
    """The people who own files, by their id."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        for person in objects_in(file.get("owners")):
            permission_id = text_in(person, "permissionId")
            if permission_id is not None:
                found.setdefault(permission_id, person)
    return found


class Told:
    """Which people were told of in which run: each once, and again by the page that told it, should that be read again."""

    def __init__(self, most_runs: int = 32) -> None:
        self._most_runs = most_runs
        self._pages: dict[str, dict[str, str]] = {}

    def new(self, people: dict[str, dict[str, Any]], *, run: str, page: str) -> Sequence[dict[str, Any]]:
        """Those whom no other page of the run has told."""
        known = self._pages.pop(run, {})
        self._pages[run] = known  # the run read last is the last to be forgotten
        while len(self._pages) > self._most_runs:
            del self._pages[next(iter(self._pages))]
        return [person for permission_id, person in people.items() if known.setdefault(permission_id, page) == page]
