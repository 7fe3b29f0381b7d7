"""What is made for a run with identities before there are any.

In Azure the database and its containers are made through Azure Resource Manager, with a right that no data role has. Here they are made
with the stand-in's own key, before it listens to anybody but this process.
"""

from devtools.emulators.cosmos.server import running_cosmos
from devtools.local.clients import blob_client
from devtools.local.run import DATABASE, Run
from devtools.local.secured import Secured
from devtools.provision import make_blob_containers, provision_cosmos


async def build_database(secured: Secured) -> list[str]:
    """The database with its containers, which no identity may make. Nothing may run yet.

    What the database account ignored of it, a line each.
    """
    async with running_cosmos(data=secured.folder / "data" / "cosmos") as unsecured:
        return await provision_cosmos(unsecured.connection_string, DATABASE)


async def build_blobs(run: Run) -> None:
    """The blob containers, which an identity may make."""
    async with blob_client(run) as client:
        await make_blob_containers(client)
