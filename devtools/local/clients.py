"""How the tools of a run come to its stores: with its keys, or with an identity of their own. Each loads the one SDK it uses."""

from typing import TYPE_CHECKING, Any

from devtools.local.run import Run

if TYPE_CHECKING:
    from azure.cosmos.aio import CosmosClient
    from azure.servicebus.aio import ServiceBusClient
    from azure.storage.blob.aio import BlobServiceClient


def service_bus_client(run: Run, **options: Any) -> "ServiceBusClient":
    """Of the broker."""
    from azure.servicebus.aio import ServiceBusClient  # noqa: PLC0415 - see above

    if run.secured is None:
        return ServiceBusClient.from_connection_string(run.service_bus, **options)
    from devtools.certificate import trusting  # noqa: PLC0415 - see above
    from devtools.local.operating import Operator  # noqa: PLC0415 - see above

    secured = run.secured
    return ServiceBusClient(run.addresses.secured_bus[0], Operator(secured), ssl_context=trusting(secured.certificate), **options)


def cosmos_client(run: Run, **options: Any) -> "CosmosClient":
    """Of the database account."""
    from azure.cosmos.aio import CosmosClient  # noqa: PLC0415 - see above

    if run.secured is None:
        return CosmosClient.from_connection_string(run.cosmos, **options)
    from devtools.local.operating import Operator  # noqa: PLC0415 - see above

    return CosmosClient(run.secured.cosmos, Operator(run.secured), **options)


def blob_client(run: Run, **options: Any) -> "BlobServiceClient":
    """Of the storage account."""
    from azure.storage.blob.aio import BlobServiceClient  # noqa: PLC0415 - see above

    if run.secured is None:
        return BlobServiceClient.from_connection_string(run.blob, **options)
    from devtools.azurite import service_uri  # noqa: PLC0415 - see above
    from devtools.local.operating import Operator  # noqa: PLC0415 - see above

    trusted = str(run.secured.certificate)
    return BlobServiceClient(service_uri(run.addresses.blob), Operator(run.secured), connection_verify=trusted, **options)
