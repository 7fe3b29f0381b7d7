"""Whatever is away, dies or is deployed: an acknowledged notification ends as its shard, linked and embedded, and no text
is embedded twice.
"""

import asyncio
from collections.abc import Mapping

import pytest

from tests.e2e.stories import LONG_STORIES, STORIES

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("story", [*STORIES, *(pytest.param(name, marks=pytest.mark.long) for name in LONG_STORIES)])
async def test_nothing_acknowledged_is_lost(story: str, stories_under_way: Mapping[str, asyncio.Task[None]]) -> None:
    await stories_under_way[story]
