"""The app runs from the unpacked artefact, in the local host, against the stand-ins. Two environments are shared by the stories that leave
them whole: one in which normalization works alone, so that what it announces can be looked at, and one that goes all the way. A story that
kills something has its own.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from devtools import artefact as artefacts
from tests.e2e.environment import NORMALIZATION_ALONE, Environment, running_environment
from tests.e2e.stories import under_way
from tests.e2e.tenants import Tenant


@pytest.fixture(scope="session")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app as it is deployed: zipped, and unpacked elsewhere."""
    return artefacts.unpack(tmp_path_factory.mktemp("deployed"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def environment(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Environment]:
    """The shared one that ends with normalization."""
    folder = tmp_path_factory.mktemp("environment")
    async with running_environment(folder, artefact, settings=NORMALIZATION_ALONE, is_followed=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(environment: Environment) -> Tenant:
    """A tenant of it that nobody else has."""
    return await environment.tenant()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pipeline(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Environment]:
    """The shared one that goes all the way, with the offline encoder."""
    async with running_environment(tmp_path_factory.mktemp("pipeline"), artefact, is_followed=True) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stories_under_way(
    request: pytest.FixtureRequest, artefact: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, asyncio.Task[None]]]:
    """Those of a file that this run asks for."""
    here = [item for item in request.session.items if item.path == request.path]
    functions = [item for item in here if isinstance(item, pytest.Function) and "story" in item.fixturenames]
    asked = [str(function.callspec.params["story"]) for function in functions]
    async with under_way(asked, artefact, tmp_path_factory.mktemp("stories")) as tasks:
        yield tasks
