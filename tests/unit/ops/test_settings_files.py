"""Settings from a file, in the forms an operator has them."""

import json
from pathlib import Path

import pytest

from ops.settings_file import read_settings, use_settings
from shared.errors import ConfigurationError

VALUES = {"COSMOS": "AccountEndpoint=https://acme/;AccountKey=k;", "COSMOS_DATABASE": "shardline"}
LISTED = [{"name": name, "value": value} for name, value in VALUES.items()]


@pytest.mark.parametrize(
    "form",
    [
        {"IsEncrypted": False, "Values": VALUES},
        VALUES,
        [{"name": name, "slotSetting": False, "value": value} for name, value in VALUES.items()],
        {**VALUES, "EMPTY": None},
    ],
    ids=["values file", "object", "what az lists", "with nothing in it"],
)
def test_each_form_is_read(form: object, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(form), encoding="utf-8-sig")

    assert read_settings(file) == VALUES


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '{"Values": {"A": {}}}', '["a"]', '{"IsEncrypted": true, "Values": {"A": 1}}'])
def test_what_is_none_of_them_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(text)

    with pytest.raises(ConfigurationError, match=r"settings\.json: ") as refused:
        read_settings(file)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read as JSON"):
        read_settings(tmp_path / "none.json")


def test_the_identity_of_an_app_is_left_out_and_an_operators_own_is_not(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({**VALUES, "AZURE_CLIENT_ID": "x", "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}))
    assert read_settings(file) == VALUES

    own = {**VALUES, "AZURE_CLIENT_ID": "x", "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}
    file.write_text(json.dumps(own))
    assert read_settings(file) == own


def test_a_reference_to_key_vault_is_no_value(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"SERVICE_BUS": "@Microsoft.KeyVault(SecretUri=https://v/secrets/s)", "OTHER": "@Microsoft.KeyVault(x)"}))

    with pytest.raises(ConfigurationError, match="SERVICE_BUS is a reference to Key Vault: put the value itself"):
        read_settings(file)


def test_a_reference_is_not_taken_for_the_secret_it_stands_for(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({**VALUES, "SECRET_ACME": "@Microsoft.KeyVault(SecretUri=https://v/secrets/s)", "SECRET_OTHER": "s"}))

    assert read_settings(file) == {**VALUES, "SECRET_OTHER": "s"}


def test_a_reference_in_place_of_the_webhooks_pairs_of_secrets_does_not_keep_a_command_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    reference = "@Microsoft.KeyVault(VaultName=v;SecretName=slack-signing-secrets)"
    file.write_text(json.dumps([{"name": name, "value": reference} for name in ("SLACK_SIGNING_SECRETS", "SLACK_APP_TOKENS")] + LISTED))

    assert read_settings(file) == VALUES


def test_of_the_environment_nothing_of_another_deployment_is_left() -> None:
    environ = {"COSMOS__accountEndpoint": "https://other", "SECRET_OTHER": "s", "PATH": "/bin"}

    use_settings(VALUES, environ)

    assert environ == {**VALUES, "PATH": "/bin"}
