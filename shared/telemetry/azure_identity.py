"""The deployment's identity for the exporter's threads, which have no event loop."""

from threading import Lock
from time import monotonic
from typing import Any, Final

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential

ASKED_AGAIN_AFTER: Final = 60.0
"""Seconds. An identity that gets no token is not asked, and does not log why, for each batch of each exporter."""


def identity(client_id: str | None) -> "PatientIdentity":
    """``client_id``: of the user-assigned identity, where one is named."""
    named = {} if client_id is None else {"managed_identity_client_id": client_id}
    return PatientIdentity(DefaultAzureCredential(**named))


class PatientIdentity:
    """Another one, that is asked once a minute while it fails."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential
        self._refused: tuple[float, str] | None = None
        self._asking = Lock()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token.

        Raises:
            ClientAuthenticationError: there is none, or there was none a moment ago.
        """
        with self._asking:
            if self._refused is not None and monotonic() - self._refused[0] < ASKED_AGAIN_AFTER:
                raise ClientAuthenticationError(f"no token a moment ago: {self._refused[1]}")
            try:
                token = self._credential.get_token(*scopes, **options)
            except Exception as error:  # whatever it is, it will be so in a second, too
                self._refused = (monotonic(), type(error).__name__)
                raise
            self._refused = None
            return token
