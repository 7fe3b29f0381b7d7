"""A pretend Slack with three people in it, and nothing else."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.slack_api.worlds import World, pretending


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with pretending() as world:
        yield world
