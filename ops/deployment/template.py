"""What the Bicep files say of themselves, read as text: which parameters are needed, which are given, which providers are used."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ops.refusals import Refused

INFRA: Final = Path(__file__).parents[2] / "infra"
_PARAMETER: Final = re.compile(r"^param (\w+) \w+(?: = (.+))?$", flags=re.MULTILINE)
_GIVEN: Final = re.compile(r"^param (\w+) = (.+)$", flags=re.MULTILINE)
_RESOURCE: Final = re.compile(r"^\s*resource \w+ '(Microsoft\.\w+)/", flags=re.MULTILINE)
_TEMPLATE: Final = re.compile(r"^using '([^']+)'$", flags=re.MULTILINE)


def template_of(parameters: Path) -> Path:
    """The template a parameter file is for.

    Raises:
        Refused: there is no such file, or it names no template.
    """
    try:
        named = _TEMPLATE.search(parameters.read_text(encoding="utf-8"))
    except OSError:
        raise Refused(f"{parameters}: no such parameter file") from None
    if named is None or not (parameters.parent / named[1]).is_file():
        raise Refused(f"{parameters}: its first line is not using '<a template beside it>'")
    return parameters.parent / named[1]


def missing(parameters: Path, given: Sequence[str]) -> list[str]:
    """The parameters that neither the file, nor the command line, nor a default says."""
    needed = [name for name, default in _PARAMETER.findall(template_of(parameters).read_text(encoding="utf-8")) if not default]
    said = {name for name, _ in _GIVEN.findall(parameters.read_text(encoding="utf-8"))} | {one.partition("=")[0] for one in given}
    return [name for name in needed if name not in said]


def unknown(parameters: Path, given: Sequence[str]) -> list[str]:
    """What is given on the command line, and no parameter of the template."""
    names = {name for name, _ in _PARAMETER.findall(template_of(parameters).read_text(encoding="utf-8"))}
    return [name for one in given if (name := one.partition("=")[0]) not in names]


def value(parameters: Path, given: Sequence[str], name: str) -> str:
    """What a parameter that is plain text will be: the command line's, the file's, or its default. Empty where it is worked out."""
    said = dict(_PARAMETER.findall(template_of(parameters).read_text(encoding="utf-8")))
    said |= dict(_GIVEN.findall(parameters.read_text(encoding="utf-8")))
    said |= {name: f"'{text}'" for name, _, text in (one.partition("=") for one in given)}
    plain = re.fullmatch(r"'([^'$]*)'", said.get(name, "").strip())
    return plain[1] if plain else ""


def providers(infra: Path = INFRA) -> list[str]:
    """The resource providers of every resource in the templates, sorted."""
    files = [infra / "main.bicep", *sorted((infra / "modules").glob("*.bicep"))]
    return sorted({name for file in files for name in _RESOURCE.findall(file.read_text(encoding="utf-8"))})
