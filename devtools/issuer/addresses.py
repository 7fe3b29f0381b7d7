"""Where the token issuer is found, and who it knows."""

from typing import Final

HOST: Final = "127.0.0.1"
JWKS_PATH: Final = "/.well-known/jwks.json"
IDENTITY_PATH: Final = "/msi/token"
"""Where a managed identity gets its tokens, as on App Service."""
CLIENT_ID: Final = "5ca1ab1e-0000-4000-8000-000000000001"
"""The client id of the app's user-assigned identity on a development machine."""
OPERATOR_ID: Final = "5ca1ab1e-0000-4000-8000-000000000002"
"""That of whoever uses the tools and the operator's commands there: in Azure a person who is signed in."""
IDENTITY_HEADER: Final = "pretend-identity-header"
"""What a caller shows to be one of this machine's own processes. On App Service it is a secret of the instance."""


def issuer_url(port: int) -> str:
    """What tokens of the issuer on this port say in ``iss``."""
    return f"http://{HOST}:{port}"


def identity_endpoint(port: int) -> str:
    """The ``IDENTITY_ENDPOINT`` of an app."""
    return f"{issuer_url(port)}{IDENTITY_PATH}"
