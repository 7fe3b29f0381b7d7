"""Secrets in the settings: on a development machine, and in Azure where a setting is a reference to Key Vault."""

from collections.abc import Mapping

from pydantic import SecretStr
from typing_extensions import override

from shared.connections.secrets import Secrets
from shared.errors import ConfigurationError
from shared.settings import secret_variable


class SettingSecrets(Secrets):
    """The port over the variables ``SECRET_<NAME>``."""

    def __init__(self, values: Mapping[str, SecretStr]) -> None:
        self._values = values

    @override
    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        variable = secret_variable(name)
        if variable not in self._values:
            raise ConfigurationError(f"there is no secret {name}: {variable} is not set")
        return self._values[variable]


class SecretsInTurn(Secrets):
    """The first place that has the secret. If none has, the first one's reason counts: that is where it belongs."""

    def __init__(self, first: Secrets, second: Secrets) -> None:
        self._first = first
        self._second = second

    @override
    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        try:
            return await self._first.read(name, anew=anew)
        except ConfigurationError as error:
            try:
                return await self._second.read(name, anew=anew)
            except ConfigurationError:
                raise error from None
