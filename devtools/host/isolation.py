"""A host over an app that brings its packages: what Azure's Python worker would find, and nothing else that is installed here.

The interpreter reads no environment and no site-packages. It imports the app's packages first, as in Azure, then the standard library, then
the app; of this project's folder only ``devtools``, which is loaded before the app is.
"""

import sys
from pathlib import Path
from typing import Final

PACKAGES: Final = Path(".python_packages") / "lib" / "site-packages"
"""Where the worker looks (Azure documentation, "Python developer reference", folder structure)."""
_PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]
_CODE: Final = """
import runpy, sys
packages, project = sys.argv[1:3]
del sys.argv[1:3]
sys.path[:] = [packages, *sys.path, project]
runpy.run_module("devtools.host", run_name="__main__", alter_sys=True)
"""


def brings_packages(app: Path) -> bool:
    """Whether the app's folder holds what it needs."""
    return (app / PACKAGES).is_dir()


def isolated(app: Path, *arguments: str) -> list[str]:
    """The command line of a host over this app, with these arguments."""
    return [sys.executable, "-I", "-S", "-u", "-c", _CODE, str(app.resolve() / PACKAGES), str(_PROJECT_ROOT), *arguments]
