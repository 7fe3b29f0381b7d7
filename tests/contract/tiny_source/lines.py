"""The three lines that make the app know the tiny source, each in the list it belongs to."""

from typing import Final

import azure.functions as func

from ingestion.sources.source import Poller
from shared.conversions.registry import CONVERSIONS as KNOWN
from tests.contract.tiny_source.conversion import CARD
from tests.contract.tiny_source.poller import CardPoller
from tests.contract.tiny_source.vendor import CardIndex


def pollers(*known: Poller, index: CardIndex) -> dict[str, Poller]:
    """``ingestion/sources/polled.py``: every poller by its source's name."""
    lines: tuple[Poller, ...] = (
        *known,
        CardPoller(index),  # line 1
    )
    return {poller.source: poller for poller in lines}


CONVERSIONS: Final = (
    *KNOWN,
    CARD,  # line 2
)
"""``shared/conversions/registry.py``."""

light = func.Blueprint()


@light.function_name("ingestion-cards-poll")
@light.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def ingestion_cards_poll(timer: func.TimerRequest) -> str:
    """``ingestion/functions.py``: what is due of cards is asked for."""
    return await _schedule("cards")  # line 3, with the name above it


async def _schedule(source: str) -> str:
    """Stands for the function of this name in ``ingestion/functions.py``."""
    return source
