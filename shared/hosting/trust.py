"""Whom a worker trusts, and what it is trusted with: the issuer's keys, connections' secrets. A part of the composition root."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

    from shared.access.keys import JwksKeys
    from shared.access.tokens import TokenCheck
    from shared.connections.secrets import Secrets
    from shared.settings import Settings
    from shared.storage.key_vault import KeyVaultSecrets


class TrustServices(ABC):
    """Its ports over the settings and the HTTP client that all ports share."""

    settings: "Settings"
    clock: Callable[[], datetime]

    @property
    @abstractmethod
    def http(self) -> "httpx2.AsyncClient":
        """Outbound HTTP."""

    @abstractmethod
    async def _identity_token(self, scope: str) -> str:
        """A token of the worker's own identity."""

    @cached_property
    def vault(self) -> "KeyVaultSecrets | None":
        """The Key Vault, where the deployment has one."""
        from shared.storage.key_vault import TOKEN_SCOPE, KeyVaultSecrets

        if self.settings.key_vault_uri is None:
            return None
        token = partial(self._identity_token, TOKEN_SCOPE)
        return KeyVaultSecrets(self.settings.key_vault_uri, http=lambda: self.http, token=token, now=self.clock)

    @cached_property
    def secrets(self) -> "Secrets":
        """Where connections' secrets are: in Key Vault, if there is one, and in the settings."""
        from shared.storage.setting_secrets import SecretsInTurn, SettingSecrets

        in_settings = SettingSecrets(self.settings.secrets)
        return in_settings if self.vault is None else SecretsInTurn(self.vault, in_settings)

    @cached_property
    def keys(self) -> "JwksKeys":
        """The issuer's, remembered."""
        from shared.access.keys import JwksKeys
        from shared.http.client import object_at

        return JwksKeys(lambda: object_at(self.http, self.settings.auth.jwks_url, what="the issuer's keys"), now=self.clock)

    @cached_property
    def tokens(self) -> "TokenCheck":
        """Who calls our API."""
        from shared.access.tokens import ClaimNames, TokenCheck

        auth = self.settings.auth
        names = ClaimNames(tenant=auth.tenant_claim, admin_role=auth.admin_role)
        return TokenCheck(issuer=auth.issuer, audience=auth.audience, keys=self.keys, claims=names, now=self.clock)
