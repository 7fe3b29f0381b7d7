"""A Workspace that was read once: what happens from here on is what a test is about."""

from collections.abc import AsyncIterator

import pytest

from devtools.fakes.polled_drive import PolledDrive


@pytest.fixture
async def world() -> AsyncIterator[PolledDrive]:
    """Nothing is in it yet, and nothing was read."""
    async with PolledDrive() as world:
        yield world
