"""Connections without a connection string: the address of a service, and the identity that is let in there.

As the host resolves them: ``X__fullyQualifiedNamespace`` (Service Bus) or ``X__accountEndpoint`` (Cosmos DB), with
``X__credential=managedidentity`` and ``X__clientId`` for a managed identity that is named; without ``__credential`` whatever
``DefaultAzureCredential`` finds (Azure documentation, "Guidance for developing Azure Functions", identity-based connections).
"""

import ssl
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


@dataclass(frozen=True)
class Identity:
    """Who connects, and where to.

    Attributes:
        is_managed: a managed identity and nothing else; the one with ``client_id``, or the system-assigned one.
    """

    address: str
    is_managed: bool = False
    client_id: str | None = None


Connection = str | Identity
"""A connection string, or an identity."""


@cache
def credential_of(identity: Identity) -> "AsyncTokenCredential":
    """Of this process, for its life: tokens are asked for once for all functions."""
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415 - loaded where there are identities

    return ManagedIdentityCredential(client_id=identity.client_id) if identity.is_managed else DefaultAzureCredential()


@cache
def trusted() -> ssl.SSLContext:
    """Whom this process trusts: what OpenSSL does, ``SSL_CERT_FILE`` included."""
    return ssl.create_default_context()
