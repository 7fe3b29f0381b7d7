"""The command: ``python -m devtools.artefact OUT.zip [--with-packages] [--python 3.11] [--platform …] [--without-byte-code]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from devtools.artefact import ReadingsDiffer, Refused, Target, build
from devtools.artefact.archive import ROOT

KEPT = ROOT / ".shardline"
"""Where installed packages are kept, and what was deployed."""


def main(arguments: Sequence[str]) -> int:
    """Build, and say how large it is. Exit codes: 0, 1 where it is refused, 2 where the arguments are wrong."""
    parser = argparse.ArgumentParser(prog="python -m devtools.artefact", description="Builds the zip that is deployed.")
    parser.add_argument("out", type=Path, metavar="OUT.zip")
    parser.add_argument("--with-packages", action="store_true", help="with the dependencies, as Azure's Python looks for them")
    parser.add_argument("--python", default=Target.python, metavar="VERSION", help="the deployed Python (default: %(default)s)")
    parser.add_argument("--platform", default=Target.platform, help="the deployed platform, as uv calls it (default: %(default)s)")
    parser.add_argument("--without-byte-code", action="store_true", help="ship sources alone: every start compiles them")
    options = parser.parse_args(arguments)
    target = Target(options.python, options.platform, is_compiled=not options.without_byte_code) if options.with_packages else None
    try:
        contents = build(options.out, target=target, ready=KEPT / "packages")
    except (ReadingsDiffer, Refused) as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"{options.out}: {len(contents.files)} files, {options.out.stat().st_size} bytes, {contents.size} unpacked")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
