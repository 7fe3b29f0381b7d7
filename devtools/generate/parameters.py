"""The parameters of ``infra/main.bicep``, with what the two parameter files say, for the guide to deploying."""

import re
from pathlib import Path

from devtools.generate.contents import Row

INFRA = Path(__file__).parents[2] / "infra"
_DECLARED = re.compile(
    r"^@description\('(?P<what>(?:[^'\\]|\\.)*)'\)\n(?:[@#].*\n)*param (?P<name>\w+) \w+(?: = (?P<default>.+))?$", re.MULTILINE
)
_GIVEN = re.compile(r"^param (\w+) = (.+)$", re.MULTILINE)


def parameters() -> list[Row]:
    """Name, what dev and prod say, the default, and what it is."""
    dev, prod = (dict(_GIVEN.findall((INFRA / f"{name}.bicepparam").read_text(encoding="utf-8"))) for name in ("dev", "prod"))
    found: list[Row] = []
    for declared in _DECLARED.finditer((INFRA / "main.bicep").read_text(encoding="utf-8")):
        name, default = declared["name"], declared["default"]
        what = declared["what"].replace("\\'", "'")
        found.append((f"`{name}`", _shown(dev.get(name)), _shown(prod.get(name)), _shown(default) if default else "none: say it", what))
    return found


def _shown(value: str | None) -> str:
    """A value as it is written; one that is worked out has no place in a table."""
    if value is None:
        return ""
    return "worked out" if "(" in value or "$" in value else f"`{value}`"
