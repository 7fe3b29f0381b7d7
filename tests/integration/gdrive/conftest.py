"""A Workspace of two people and one shared drive of Ada's, all of it read: what happens from here on is what a test is about."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from devtools.fakes.polled_drive import ADA
from devtools.vendors.gdrive.drive import SharedDrive
from tests.integration.gdrive.worlds import ADAS, BOBS, Workspace, of_drive


@dataclass
class Sales:
    """A Workspace with a shared drive of Ada's."""

    world: Workspace
    drive: SharedDrive
    stream: str


@pytest.fixture
async def world() -> AsyncIterator[Workspace]:
    async with Workspace() as world:
        await world.begin(ADAS, BOBS)
        yield world


@pytest.fixture
async def sales() -> AsyncIterator[Sales]:
    async with Workspace() as world:
        drive = world.drive.create_drive("Sales", by=ADA)
        await world.read("drives")
        await world.begin(ADAS, BOBS, of_drive(drive.id))
        yield Sales(world, drive, of_drive(drive.id))
