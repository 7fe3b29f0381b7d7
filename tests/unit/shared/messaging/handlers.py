"""Handlers that do one thing, for the tests of delivery."""

from shared.contracts.ingestion import IngestionEvent
from shared.messaging.delivery import Handler
from shared.messaging.outcomes import Outcome


def raising(error: BaseException) -> Handler[IngestionEvent]:
    """Always raises this."""

    async def handler(event: IngestionEvent) -> Outcome:
        raise error

    return handler


def saying(outcome: Outcome) -> Handler[IngestionEvent]:
    """Always says this."""

    async def handler(event: IngestionEvent) -> Outcome:
        return outcome

    return handler
