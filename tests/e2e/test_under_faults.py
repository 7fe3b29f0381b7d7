"""Under every fault plan nothing is lost and nothing doubled, and everything that was to go wrong did."""

import asyncio
import gc
from collections.abc import Mapping

import pytest

from tests.e2e.stories import FAULT_STORIES, SAMPLED

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # the Service Bus SDK forgets a socket whose other end died
]

LONG = [pytest.param(name, marks=pytest.mark.long) for name in FAULT_STORIES if name not in SAMPLED]


@pytest.mark.parametrize("story", [*SAMPLED, *LONG])
async def test_nothing_is_lost_and_nothing_doubled_under_the_plan(story: str, stories_under_way: Mapping[str, asyncio.Task[None]]) -> None:
    await stories_under_way[story]
    gc.collect()  # here, where the forgotten sockets are known of
