"""A workspace that was read and compared once: what happens from here on is what a test is about."""

from collections.abc import AsyncIterator

import pytest

from devtools.fakes.pushed_slack import PushedSlack


@pytest.fixture
async def world() -> AsyncIterator[PushedSlack]:
    """Ada and Bob are in it, no channel yet, and nothing was read."""
    async with PushedSlack() as world:
        yield world
