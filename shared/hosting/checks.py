"""What a worker relies on, as checks: a part of the composition root. Each goes the way of the handlers, so that it says how they fare."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from shared.topology import CONTAINERS, TOPOLOGY, Space, chunk_container

if TYPE_CHECKING:
    from shared.access.keys import JwksKeys
    from shared.messaging.delivery import DeliveryPorts
    from shared.messaging.queue_ages import QueueAges
    from shared.storage.blobs import Blobs
    from shared.storage.cosmos import CosmosAccount
    from shared.storage.key_vault import KeyVaultSecrets


class Relied(Protocol):
    """What the checks need of this worker's ports."""

    @property
    def space(self) -> Space: ...

    @property
    def delivery(self) -> "DeliveryPorts": ...

    @property
    def account(self) -> "CosmosAccount": ...

    @property
    def queue_ages(self) -> "QueueAges": ...

    @property
    def blobs(self) -> "Blobs": ...

    @property
    def vault(self) -> "KeyVaultSecrets | None": ...

    @property
    def keys(self) -> "JwksKeys": ...


def checks_of(services: Relied) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """The checks of a deployment by name. Embeddings are not among them: asking a model costs money, and its messages wait.

    Raises:
        ConfigurationError: there is no container for the model that the settings name.
    """
    s, chunks = services, chunk_container(services.space)

    async def cosmos() -> None:
        await s.delivery.ready()  # once in a worker's life; then its containers are looked at again and again
        await asyncio.gather(*(s.account.compare(container) for container in (*CONTAINERS, chunks)))

    async def service_bus() -> None:
        await asyncio.gather(*(s.queue_ages.oldest_seconds(queue.name) for queue in TOPOLOGY.queues))

    async def blobs() -> None:
        await asyncio.gather(*(s.blobs.compare(container) for container in TOPOLOGY.blob_containers))

    vault = {} if s.vault is None else {"key-vault": s.vault.check}
    return {"cosmos": cosmos, "service-bus": service_bus, "blob": blobs, **vault, "issuer": s.keys.check}
