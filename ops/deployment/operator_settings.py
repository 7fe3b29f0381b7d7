"""The file an operator's commands read (``python -m ops --settings``): a deployment's addresses, and not its identity.

An app signs in as its managed identity, which nobody else can be. So of the app's own settings only those are kept that say where things
are; who asks is whoever is signed in to the Azure CLI. Nothing in it is secret.
"""

import json
from pathlib import Path
from typing import Any, Final

from ops.settings_file import REFERENCE
from shared.settings import VARIABLES

_LEFT_OUT: Final = frozenset(
    {
        *("SERVICE_BUS", "COSMOS", "BLOB", "EMBEDDING_AZURE_OPENAI_API_KEY", "SLACK_SIGNING_SECRETS", "SLACK_APP_TOKENS", "CONSUMER_TYPE"),
        *("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "OTEL_EXPORTER_OTLP_HEADERS"),
    }
)
"""Secrets, and what makes an app of the process."""
_AS_WHOM: Final = {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}


def operator_settings(listed: Any) -> dict[str, str]:
    """Of what ``az functionapp config appsettings list`` says, what an operator needs."""
    said = {one["name"]: one["value"] for one in listed if one.get("value")}
    kept = {name: value for name, value in said.items() if name in VARIABLES and name not in _LEFT_OUT and not value.startswith(REFERENCE)}
    return {**kept, **_AS_WHOM}


def write(file: Path, listed: Any) -> None:
    """Write them where only their owner reads them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(json.dumps(operator_settings(listed), indent=2) + "\n", encoding="utf-8")
