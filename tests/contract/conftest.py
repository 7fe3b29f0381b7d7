"""Fixtures of the suites of polled sources."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.polled_worlds import WORLDS, World
from tests.contract.tiny_source import lines


@pytest.fixture
def tiny_source_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line 2 of the tiny source is in the app's list."""
    monkeypatch.setattr("shared.conversions.registry.CONVERSIONS", lines.CONVERSIONS)


@pytest.fixture(params=sorted(WORLDS))
async def world(request: pytest.FixtureRequest, tiny_source_is_known: None) -> AsyncIterator[World]:
    """The world of each source that is polled."""
    async with World(WORLDS[request.param]()) as world:
        yield world


@pytest.fixture(params=sorted(name for name, vendor in WORLDS.items() if vendor.lists_changes))
async def listing_world(request: pytest.FixtureRequest, tiny_source_is_known: None) -> AsyncIterator[World]:
    """That of each source whose vendor says what changed since, and by which version."""
    async with World(WORLDS[request.param]()) as world:
        yield world
