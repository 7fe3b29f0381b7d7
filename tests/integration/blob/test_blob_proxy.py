"""The proxy in front of Azurite: without faults nobody can tell it is there, and as a process it obeys a plan."""

import sys
from pathlib import Path
from uuid import uuid4

import pytest
from azure.core.exceptions import (
    HttpResponseError,
)
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from devtools.azurite import Azurite, connection_string
from devtools.emulators.blob.proxy import BlobProxy, running_blob_proxy
from devtools.faults.plan import Kind, Plan
from devtools.faults.report import Report
from devtools.local.child import Child
from devtools.local.ports import free_ports
from shared.contracts.claim import Claim
from shared.errors import DependencyUnavailable
from tests.integration.blob.clients import NO_RETRY, claims_at, fault, names_in

pytestmark = pytest.mark.integration


async def test_without_faults_the_sdk_cannot_tell_it_from_azurite(container: ContainerClient, proxy: BlobProxy) -> None:
    blob = container.get_blob_client("ein Name/mit & ÜÄ?#%20+.txt")
    await blob.upload_blob(b"x" * 300_000, metadata={"made": "here"})
    small = container.get_blob_client("empty")
    await small.upload_blob(b"")

    properties = await blob.get_blob_properties()
    part = await (await blob.download_blob(offset=10, length=20)).readall()
    whole = await (await blob.download_blob()).readall()
    await blob.set_blob_metadata({"made": "there"})

    assert properties.size == 300_000
    assert properties.metadata == {"made": "here"}
    assert (part, whole) == (b"x" * 20, b"x" * 300_000)
    assert (await small.get_blob_properties()).size == 0
    assert await names_in(container) == ["ein Name/mit & ÜÄ?#%20+.txt", "empty"]
    assert [one.name for one in [one async for one in container.walk_blobs(delimiter="/")]] == ["ein Name/", "empty"]
    await small.delete_blob()
    assert not await small.exists()
    assert proxy.faults.fired == {}


async def test_blocks_that_are_put_together_pass_too(proxy: BlobProxy) -> None:
    options = {**NO_RETRY, "max_single_put_size": 1000, "max_block_size": 4096}
    async with BlobServiceClient.from_connection_string(proxy.connection_string, **options) as client:
        container = await client.create_container(f"blocks-{uuid4().hex[:12]}")
        await container.upload_blob("blocks", bytes(range(256)) * 100)

        assert await (await container.download_blob("blocks")).readall() == bytes(range(256)) * 100
        await container.delete_container()


async def test_a_wrong_key_is_refused_by_azurite_itself(proxy: BlobProxy) -> None:
    wrong = proxy.connection_string.replace("AccountKey=Eby8", "AccountKey=AAAA")
    async with BlobServiceClient.from_connection_string(wrong, **NO_RETRY) as client:
        with pytest.raises(HttpResponseError) as refused:
            await client.create_container("claims-2")

    assert refused.value.status_code == 403


async def test_an_azurite_that_is_away_is_a_connection_that_ends() -> None:
    (port,) = free_ports(1)
    async with running_blob_proxy(port) as proxy, claims_at(proxy) as store:
        with pytest.raises(DependencyUnavailable, match="no answer"):
            await store.put(Claim.of(b"body", tenant_id="t", message_id="m"), b"body")


async def test_by_itself_it_obeys_a_plan_and_writes_down_what_happened(azurite: Azurite, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="busy once", faults=(fault(Kind.REFUSE, "container", status=503),)).write(plan)
    command = [sys.executable, "-m", "devtools.emulators.blob", "--port", "0", "--target", str(azurite.port), "--faults", str(plan)]
    child = await Child.start("blob", command, ready="blob: ready on http://127.0.0.1:", log=tmp_path / "blob.log")
    try:
        port = int(child.ready_line.rpartition(":")[2])
        async with BlobServiceClient.from_connection_string(connection_string(port), **NO_RETRY) as client:
            opened = client.get_container_client(f"faults-{uuid4().hex[:12]}")
            with pytest.raises(HttpResponseError, match="ServerBusy"):
                await opened.create_container()
            await opened.create_container()
            await opened.delete_container()
    finally:
        await child.stop()

    assert child.exit_code == 0
    assert Report.read(plan).by_kind == {"refuse": 1}
