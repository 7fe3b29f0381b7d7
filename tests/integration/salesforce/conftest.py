"""One organization whose objects were read once: what happens from here on is what a test is about."""

from collections.abc import AsyncIterator

import pytest

from devtools.fakes.polled import PolledSalesforce
from tests.integration.salesforce.worlds import settled


@pytest.fixture
async def accounts() -> AsyncIterator[PolledSalesforce]:
    """Accounts alone, two of them, read and quiet."""
    async with PolledSalesforce(streams=("Account",)) as world:
        world.org.populate(accounts=2, contacts=0, opportunities=0)
        yield await settled(world)


@pytest.fixture
async def everything() -> AsyncIterator[PolledSalesforce]:
    """All objects that are read by default, with a few records each, read and quiet."""
    async with PolledSalesforce() as world:
        world.org.populate(accounts=2, contacts=1, opportunities=1)
        world.org.create("Lead")
        yield await settled(world)
