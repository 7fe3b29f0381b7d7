"""Making the snapshot anew, of the commands that scripts, pages and workflows use."""

import json
import re
from typing import Final

from devtools.azure_cli import environment, pages
from devtools.azure_cli.snapshot import ROOT, Commands

PINS: Final = ROOT / "requirements-azure-cli.txt"
OF_THE_SCRIPTS: Final = (
    *("version", "account show", "cloud show", "bicep version", "provider list", "provider register", "rest"),
    *("functionapp list-flexconsumption-locations", "functionapp list-flexconsumption-runtimes"),
    *("group exists", "group show", "group create", "group delete", "resource list", "identity list", "role assignment list"),
    *("deployment group what-if", "deployment group create", "deployment group show"),
    *("functionapp deployment source config-zip", "functionapp config appsettings list"),
    *("keyvault list-deleted", "keyvault purge", "cognitiveservices account list-deleted", "cognitiveservices account purge"),
    "account get-access-token",  # azure-identity asks for it, too, in an operator's name
)
"""The commands of ``ops/deployment/commands.py``. The documentation and the workflows are read for theirs."""


def made() -> str:
    """The text of the snapshot, from the real parser.

    Raises:
        subprocess.CalledProcessError: see ``environment``.
    """
    used = {*OF_THE_SCRIPTS, *(command for found in pages.found(ROOT) if (command := found.command) is not None)}
    names = sorted(used)
    commands = dict(zip(names, environment.described(names), strict=True))
    return text_of(version(), commands)


def version() -> str:
    """The pinned release of the Azure CLI."""
    pin = re.search(r"^azure-cli==(\S+)", PINS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return pin[1] if pin else ""


def text_of(release: str, commands: Commands) -> str:
    """One line for each option, so that a difference can be read."""
    lines = []
    for name, options in commands.items():
        said = ",\n".join(f"   {json.dumps(option)}: {json.dumps(known)}" for option, known in options.items())
        lines.append(f"  {json.dumps(name)}: {{\n{said}\n  }}")
    body = ",\n".join(lines)
    return f'{{\n "azure-cli": {json.dumps(release)},\n "commands": {{\n{body}\n }}\n}}\n'
