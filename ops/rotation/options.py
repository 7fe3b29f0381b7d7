"""The options of ``connections rotate``."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILES: Final[Mapping[str, str]] = {
    "private_key_file": "Salesforce: the new RSA key, as PEM",
    "client_secret_file": "the new secret of the app: Salesforce's consumer secret, or that of Google's OAuth client",
    "key_file": "Google: a new key of the same service account (JSON)",
    "refresh_token_file": "Google, one person's Drive: their new refresh token",
    "token_file": "Slack: the new bot token (xoxb-…)",
    "signing_secret_file": "Slack: the app's new signing secret",
    "app_token_file": "Slack: the app's new app-level token (xapp-…)",
}
TOGETHER: Final = frozenset({"client_secret_file", "refresh_token_file"})
"""One secret holds both."""

OF_AN_APP: Final = frozenset({"private_key_file", "client_secret_file"})
"""What a secret comes in that may be another app's than before."""


def add(command: argparse.ArgumentParser) -> None:
    """All of them."""
    command.add_argument("id", metavar="ID", help="the connection, as `connections list` shows it")
    command.add_argument("--webhook-key", metavar="KEY", help="Salesforce: a further key in the webhook's address; `generate` makes one")
    for name, says in FILES.items():
        command.add_argument(f"--{name.replace('_', '-')}", type=Path, metavar="FILE", help=says)
    command.add_argument("--client-id", metavar="ID", help="with a secret that is of another app: the app's id")
    command.add_argument("--app-url", metavar="URL", help="this app's address: to show the webhook's whole, or to see what it accepts")
    command.add_argument("--finish", action="store_true", help="take the old webhook key, signing secret or app-level token away")
    command.add_argument(
        "--yes",
        action="store_true",
        help="with --finish: though nobody was seen with the new one, or somebody with the old; and do not ask",
    )
    command.add_argument("--dry-run", action="store_true", help="try it at the vendor's, and store nothing")
    command.set_defaults(is_wrong=_wrong)


def named(options: argparse.Namespace) -> set[str]:
    """Which secrets the options name."""
    return {name for name in ("webhook_key", *FILES) if getattr(options, name) is not None}


def _wrong(options: argparse.Namespace) -> str | None:
    said = named(options)
    if len(said) > 1 and not said <= TOGETHER:
        return "one secret at a time"
    if options.client_id is not None and (said or options.finish) and not said & OF_AN_APP:
        return "--client-id goes with --private-key-file or --client-secret-file"
    if options.finish and said - {"signing_secret_file", "app_token_file"}:
        return "--finish stands alone, or with --signing-secret-file or --app-token-file to say which"
    return None
