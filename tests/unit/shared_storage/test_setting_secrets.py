"""Secrets in the settings: a variable for each."""

import pytest
from pydantic import SecretStr

from shared.errors import ConfigurationError
from shared.storage.setting_secrets import SettingSecrets

SECRETS = SettingSecrets({"SECRET_ACME_KEY": SecretStr("s3cr3t")})


@pytest.mark.parametrize("name", ["acme-key", "ACME-KEY", "acme_key"])
async def test_a_secret_is_in_the_variable_of_its_name(name: str) -> None:
    assert (await SECRETS.read(name)).get_secret_value() == "s3cr3t"


@pytest.mark.parametrize("name", ["acme", "acme-key-2", "SECRET_ACME_KEY", ""])
async def test_a_secret_that_is_not_set_is_asked_for_by_its_variable(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"SECRET_.*is not set") as raised:
        await SECRETS.read(name)

    assert "s3cr3t" not in str(raised.value)
