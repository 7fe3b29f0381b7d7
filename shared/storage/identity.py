"""Tokens of the deployment's own identity, for services that are reached over plain HTTP."""

from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ClientAuthenticationError

from shared.errors import ConfigurationError, DependencyUnavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


async def identity_token(credential: "AsyncTokenCredential", scope: str) -> str:
    """A token for a scope. The credential remembers one until it expires.

    Raises:
        ConfigurationError: the identity gets none.
        DependencyUnavailable: nobody answers.
    """
    try:
        return (await credential.get_token(scope)).token
    except ClientAuthenticationError as error:
        raise ConfigurationError(f"the identity gets no token for {scope}") from error
    except AzureError as error:
        raise DependencyUnavailable(f"no token for {scope} ({type(error).__name__})") from error
