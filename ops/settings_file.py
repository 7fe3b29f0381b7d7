"""Settings from a file: what an operator has of a deployment.

Three forms are read: ``local.settings.json`` with its ``Values``, a plain object of names and values, and the list that
``az functionapp config appsettings list`` prints.
"""

import json
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

from shared.errors import ConfigurationError
from shared.settings import SECRET_PREFIX, VARIABLES

REFERENCE: Final = "@Microsoft.KeyVault("
"""App Service resolves such a value for the app, and nobody else can (Azure documentation, "Use Key Vault references")."""
NEEDED: Final = ("SERVICE_BUS", "COSMOS", "BLOB")
_OF_AN_APP: Final = "ManagedIdentityCredential"
OF_THE_WEBHOOKS: Final = frozenset({"SLACK_SIGNING_SECRETS", "SLACK_APP_TOKENS"})
"""Secrets with a form of their own, which a reference has not; no command needs them."""


def read_settings(path: Path) -> dict[str, str]:
    """The settings a file holds.

    Raises:
        ConfigurationError: it cannot be read, is none of the three forms, or holds a reference where the value is needed.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read as JSON ({type(error).__name__})") from None
    found = _values(read)
    if found is None:
        raise ConfigurationError(f"{path}: neither a values file, nor an object of settings, nor what `az` lists")
    if read_as_reference := [name for name in NEEDED if found.get(name, "").startswith(REFERENCE)]:
        raise ConfigurationError(f"{path}: {', '.join(read_as_reference)} is a reference to Key Vault: put the value itself")
    return found


def use_settings(values: Mapping[str, str], environ: MutableMapping[str, str]) -> None:
    """Let the environment say what a file says, and of the app's own settings nothing else: two deployments must not mix."""
    for name in [name for name in environ if name in VARIABLES or name.startswith(SECRET_PREFIX)]:
        del environ[name]
    environ.update(values)


def _values(read: Any) -> dict[str, str] | None:
    if isinstance(read, list):
        pairs: dict[Any, Any] = {one.get("name"): one.get("value") for one in read if isinstance(one, dict)}
    elif isinstance(read, dict):
        pairs = read["Values"] if isinstance(read.get("Values"), dict) else read
    else:
        return None
    if not pairs or not all(isinstance(name, str) and isinstance(value, str | None) for name, value in pairs.items()):
        return None
    if pairs.get("AZURE_TOKEN_CREDENTIALS") == _OF_AN_APP:  # nobody else can be its identity: who asks is whoever is signed in
        pairs = {name: value for name, value in pairs.items() if name not in {"AZURE_TOKEN_CREDENTIALS", "AZURE_CLIENT_ID"}}
    # A reference is not the secret it stands for: without it the vault is asked, or the command says which secret is missing.
    return {name: value for name, value in pairs.items() if value is not None and not _stands_for_a_secret(name, value)}


def _stands_for_a_secret(name: str, value: str) -> bool:
    return (name.startswith(SECRET_PREFIX) or name in OF_THE_WEBHOOKS) and value.startswith(REFERENCE)
