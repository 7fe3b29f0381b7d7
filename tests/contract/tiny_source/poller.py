"""The card index, polled: it would be ``ingestion/sources/cards/poller.py``, with an HTTP client in place of ``CardIndex``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ingestion.sources.source import Ask, Page, Reading, RecordVersion, StreamCheck, Versions
from shared.connections.connection import Connection
from shared.contracts.ingestion import IngestionEvent
from shared.errors import ConfigurationError, DependencyUnavailable, RateLimited, StreamUnreadable
from shared.shards.record_index import RecordKind
from tests.contract.tiny_source.vendor import Busy, Card, CardIndex, Closed, NotLetIn

SOURCE: Final = "cards"
CARD: Final = "Card"
"""The one stream, and the vendor's name of its records."""


class CardPoller:
    """Reads a card index."""

    source = SOURCE

    def __init__(self, index: CardIndex) -> None:
        self._index = index

    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        """The shards of cards."""
        return RecordKind(connection.tenant_id, SOURCE, connection.account, _known(stream))

    async def page(self, reading: Reading) -> Page:
        """Cards by revision for changes, by number for a back-fill: each order only ever grows at its end."""
        _known(reading.stream)
        with _as_ours():
            if reading.kind == "backfill":
                return self._crawled(reading)
            if reading.cursor is None:  # from now on, and a back-fill for all before
                self._index.ask()
                return Page((), {"revision": self._index.revision}, is_last=True, asks=(Ask(reading.stream, "backfill"),))
            return self._changed(reading)

    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        """Numbers and revisions."""
        _known(stream)
        with _as_ours():
            cards, is_last = self._index.above(_number(after))
            by_key = {_key(card.number): RecordVersion(_version(card), card.saved_at) for card in cards}
            return Versions(by_key, None if is_last else max(by_key), self._index.now(), self._index.count() if after is None else None)

    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        """Each card as it is now."""
        with _as_ours():
            found = {_key(card.number): card for card in self._index.look_up([_number(key) for key in keys])}
        return [self._event(reading, key, found.get(key)) for key in keys]

    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        """Ask how many cards there are."""
        with _as_ours():
            return [StreamCheck(CARD, is_readable=True, record_count=self._index.count(), detail="")]

    def _changed(self, reading: Reading) -> Page:
        at = self._index.now()
        cards, is_last = self._index.changed_after(_place(reading, "revision"))
        revision = cards[-1].revision if cards else _place(reading, "revision")
        events = [self._event(reading, _key(card.number), card) for card in cards]
        return Page(events, {"revision": revision}, is_last, covered_until=at if is_last else None)

    def _crawled(self, reading: Reading) -> Page:
        after = _place(reading, "after")
        cards, is_last = self._index.above(after)
        events = [self._event(reading, _key(card.number), card) for card in cards]
        return Page(events, {"after": cards[-1].number if cards else after}, is_last, total_count=self._index.count())

    def _event(self, reading: Reading, key: str, card: Card | None) -> IngestionEvent:
        is_gone = card is None or card.is_thrown_away
        return IngestionEvent(
            tenant_id=reading.connection.tenant_id,
            source=SOURCE,
            source_id=key,
            event_type="delete" if is_gone else "update",
            observed_at=self._index.now(),
            payload=None if card is None else card.document(),
            connection_id=reading.connection.id,
            record_type=CARD,
            vendor_version=None if card is None else _version(card),
            run=reading.run,
        )


@contextmanager
def _as_ours() -> Iterator[None]:
    """The vendor's ways to say no, as ours."""
    try:
        yield
    except NotLetIn as error:
        raise ConfigurationError("the card index does not let us in: renew the card") from error
    except Busy as error:
        raise RateLimited("the card index is busy", retry_after_seconds=error.seconds) from error
    except Closed as error:
        raise DependencyUnavailable("the card index is closed") from error


def _known(stream: str) -> str:
    if stream != CARD:
        raise StreamUnreadable(f"there is no {stream}")
    return stream


def _key(number: int) -> str:
    return f"{number:09}"  # text order must be the vendor's order


def _number(key: str | None) -> int:
    return int(key or "0")


def _version(card: Card) -> str:
    return f"{card.revision:015}"


def _place(reading: Reading, name: str) -> int:
    return int(str((reading.cursor or {}).get(name, 0)))
