"""A token of the deployment's identity: what becomes of the ways it may not be had."""

from types import TracebackType
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from typing_extensions import override

from shared.errors import ConfigurationError, DependencyUnavailable
from shared.storage.identity import identity_token

SCOPE = "https://cognitiveservices.azure.com/.default"


class Identity(AsyncTokenCredential):
    """Gives a token, or fails."""

    def __init__(self, error: AzureError | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, ...]] = []

    @override
    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked.append(scopes)
        if self.error is not None:
            raise self.error
        return AccessToken("the token", 1)

    @override
    async def close(self) -> None:
        return None

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        return None


async def test_the_token_of_the_scope_is_given() -> None:
    identity = Identity()

    assert await identity_token(identity, SCOPE) == "the token"
    assert identity.asked == [(SCOPE,)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ClientAuthenticationError("s3cr3t"), ConfigurationError), (ServiceRequestError("s3cr3t"), DependencyUnavailable)],
    ids=["no token for this identity", "nobody answers"],
)
async def test_what_cannot_be_had_is_ours_to_say_without_what_was_said(error: AzureError, expected: type[Exception]) -> None:
    with pytest.raises(expected) as raised:
        await identity_token(Identity(error), SCOPE)

    assert "s3cr3t" not in str(raised.value)
