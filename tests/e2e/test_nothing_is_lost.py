"""Whatever is away, dies or is deployed: an acknowledged notification ends as its shard."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e import deploys, outages
from tests.e2e.stories import Story, under_way

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

STORIES: Mapping[str, Story] = {
    "a normalizer that always raises, deployed for 60 messages and then fixed: 60 shards": partial(deploys.raising, messages=60),
    "host killed under load": outages.host_killed,
    "store killed under load": outages.store_killed,
    "bus down: no Ack": outages.bus_down,
    "store down: no Ack": outages.store_down,
    "bus and store frozen: no Ack": outages.frozen,
    "store away behind the webhook": outages.store_away_behind_the_webhook,
    "broker killed under load": outages.broker_killed,
    "a normalizer that rejects everything: at most the breaker's first sample is parked": partial(deploys.rejecting, messages=60),
}
LONG_STORIES: Mapping[str, Story] = {
    "a normalizer that always raises, deployed for 1,000 messages and then fixed: 1,000 shards": partial(deploys.raising, messages=1000),
    "a normalizer that rejects 1,000 messages: at most the breaker's first sample is parked": partial(deploys.rejecting, messages=1000),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stories(
    request: pytest.FixtureRequest, artefact: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, asyncio.Task[None]]]:
    """Those this run asks for."""
    functions = [item for item in request.session.items if isinstance(item, pytest.Function) and item.module is request.module]
    asked = [str(function.callspec.params["story"]) for function in functions]
    told = {**STORIES, **LONG_STORIES}
    async with under_way({name: told[name] for name in asked}, artefact, tmp_path_factory.mktemp("stories")) as tasks:
        yield tasks


@pytest.mark.parametrize("story", [*STORIES, *(pytest.param(name, marks=pytest.mark.long) for name in LONG_STORIES)])
async def test_nothing_acknowledged_is_lost(story: str, stories: Mapping[str, asyncio.Task[None]]) -> None:
    await stories[story]
