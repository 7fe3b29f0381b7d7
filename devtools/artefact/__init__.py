"""What is deployed: one zip. ``python -m devtools.artefact OUT.zip [--with-packages]``; the same files give the same bytes.

``readings`` says which of our files ship, ``packages`` puts the pinned dependencies beside them as Azure's Python worker looks for them,
``byte_code`` compiles both, and ``archive`` makes the zip.
"""

from devtools.artefact.archive import Contents, build, kept_package, unpack
from devtools.artefact.packages import Refused, Target
from devtools.artefact.readings import ReadingsDiffer, core_tools_reading, git_reading, shipped_files

__all__ = [
    "Contents",
    "ReadingsDiffer",
    "Refused",
    "Target",
    "build",
    "core_tools_reading",
    "git_reading",
    "kept_package",
    "shipped_files",
    "unpack",
]
