"""What a run with identities instead of keys has besides: a certificate, who is let in, and where Service Bus is found.

The clients of Service Bus take an identity to port 5671, whatever they are told. So runs beside each other have addresses of loopback of
their own there; only Linux has more than one without being asked for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devtools.azurite import service_uri
from devtools.issuer.addresses import CLIENT_ID, IDENTITY_HEADER, OPERATOR_ID, identity_endpoint
from devtools.local.addresses import Addresses


@dataclass(frozen=True)
class Secured:
    """The part of a run, in its folder, that has to do with identities."""

    addresses: Addresses
    folder: Path

    @property
    def certificate_folder(self) -> Path:
        """Of the certificate, which all stand-ins share."""
        return self.folder / "certificate"

    @property
    def certificate(self) -> Path:
        """What a client is to trust."""
        from devtools.certificate import public_certificate  # noqa: PLC0415 - loads what most commands do not need

        return public_certificate(self.certificate_folder)

    @property
    def key_and_certificate(self) -> Path:
        """What a server speaks TLS with; made, where there is none."""
        from devtools.certificate import certificate_in  # noqa: PLC0415 - loads what most commands do not need

        return certificate_in(self.certificate_folder, addresses=[self.addresses.secured_bus[0]])

    @property
    def issuer_folder(self) -> Path:
        """Of the keys by which tokens are known to be the issuer's."""
        return self.folder / "data" / "issuer"

    @property
    def cosmos(self) -> str:
        """The endpoint of the database account."""
        return f"https://127.0.0.1:{self.addresses.cosmos}/"

    @property
    def settings(self) -> dict[str, str]:
        """The app's, in place of connection strings: where the services are, who it is, and whom it trusts."""
        return {
            "SERVICE_BUS__fullyQualifiedNamespace": self.addresses.secured_bus[0],
            "SERVICE_BUS__credential": "managedidentity",
            "SERVICE_BUS__clientId": CLIENT_ID,
            "COSMOS__accountEndpoint": self.cosmos,
            "BLOB__blobServiceUri": service_uri(self.addresses.blob),
            "AZURE_CLIENT_ID": CLIENT_ID,
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": identity_endpoint(self.addresses.issuer),
            "IDENTITY_HEADER": IDENTITY_HEADER,
            "SSL_CERT_FILE": str(self.certificate),
        }

    @staticmethod
    def operators(settings: Mapping[str, str]) -> dict[str, str]:
        """An operator's, of the app's: the same but for who it is. No operator can be the app."""
        theirs = {name: value for name, value in settings.items() if name != "AZURE_TOKEN_CREDENTIALS"}
        return {**theirs, "AZURE_CLIENT_ID": OPERATOR_ID}
