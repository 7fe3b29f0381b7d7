"""The app's stores where every tenant lies in three physical ranges: they promise there what ``tests/contract`` says they promise.

That is what becomes of a large tenant in Azure. The contract's tests are run here once more, as they are, over a stand-in of their own: its
ranges meet in the middle of the tenant's keys, so that every search of a tenant asks all of them.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree
from types import ModuleType

import pytest
import pytest_asyncio

from devtools.emulators.cosmos.epk import effective_key
from devtools.emulators.cosmos.ranges import ranges_between
from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.provision import provision_cosmos
from shared.storage.cosmos import CosmosAccount
from shared.topology import SPACES
from tests.contract import (
    test_store_anchors,
    test_store_chunks,
    test_store_gaps,
    test_store_nearest,
    test_store_records,
    test_stores,
)
from tests.plugins.linking_twins import CosmosLinkingStores, LinkingStores
from tests.plugins.stand_ins import DATABASE
from tests.plugins.twins import Chunks, CosmosChunkTwin, CosmosStores, Stores

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every stand-in here starts with: making the containers takes as long as a test."""
    folder = tmp_path_factory.mktemp("provisioned")
    async with running_cosmos(data=folder) as running:
        await provision_cosmos(running.connection_string, DATABASE)
    return folder


@pytest.fixture
async def cosmos(tenant_id: str, provisioned: Path, tmp_path: Path) -> AsyncIterator[Cosmos]:
    tenant = effective_key((tenant_id,), "MultiHash")
    data = copytree(provisioned, tmp_path / "cosmos")
    async with running_cosmos(data=data, ranges=ranges_between([tenant + "15" * 16, tenant + "2A" * 16])) as running:
        yield running
    assert running.operations.server_errors == 0


@pytest.fixture
def stores(account: CosmosAccount) -> Stores:
    return CosmosStores(account)


@pytest.fixture
def chunks(account: CosmosAccount) -> Chunks:
    return CosmosChunkTwin(account, SPACES[0])


@pytest.fixture
def linking(account: CosmosAccount) -> LinkingStores:
    return CosmosLinkingStores(account)


def promises(*modules: ModuleType) -> dict[str, object]:
    return {name: promise for module in modules for name, promise in vars(module).items() if name.startswith("test_")}


globals().update(promises(test_stores, test_store_gaps, test_store_records, test_store_chunks, test_store_nearest, test_store_anchors))


async def test_a_search_of_a_tenant_asks_all_of_its_ranges(cosmos: Cosmos, chunks: Chunks, tenant_id: str) -> None:
    await chunks.store.nearest(tenant_id, [1.0] * SPACES[0].dimensions, principals=[], most=1)

    assert cosmos.operations.counts["query"] == 3
