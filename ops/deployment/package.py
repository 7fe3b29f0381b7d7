"""Whether a file is a package of ours, seen from outside: before it takes the place of one that runs."""

import re
import zipfile
from pathlib import Path
from typing import Final

from devtools.artefact.packages import PLACE
from ops.refusals import Refused

_NEEDED: Final = {"function_app.py", "host.json"}
_BYTE_CODE: Final = re.compile(r"__pycache__/function_app\.cpython-(\d)(\d+)\.pyc")


def check(file: Path, python: str) -> None:
    """See that it is.

    Args:
        python: the deployed one, such as ``3.11``.

    Raises:
        Refused: it is none, has no packages in it, or those of another Python.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        raise Refused(f"{file} is no zip") from None
    if absent := sorted(_NEEDED - {*names}):
        raise Refused(f"{file} is no package of ours: it holds no {', '.join(absent)}")
    if not any(name.startswith(f"{PLACE}/") for name in names):
        raise Refused(f"{file} holds no packages: python -m devtools.artefact --with-packages makes one that does")
    if others := [
        f"{match[1]}.{match[2]}" for name in names if (match := _BYTE_CODE.fullmatch(name)) and f"{match[1]}.{match[2]}" != python
    ]:
        raise Refused(f"{file} is made for Python {', '.join(others)}, and the apps run {python}")
