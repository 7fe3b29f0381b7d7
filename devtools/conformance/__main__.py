"""`python -m devtools.conformance [--quick | --all] [--json]`: the client's own tests against the local Service Bus."""

import argparse
import json
import sys

from devtools.conformance.distribution import Unavailable
from devtools.conformance.suite import RunFailed, run
from devtools.conformance.verdict import Verdict


def main() -> int:
    """Run, say what came of it, and return the exit code: 1 where the stand-in is not good enough, 2 where nothing could be run."""
    parser = argparse.ArgumentParser(prog="python -m devtools.conformance", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="those that take half a minute (the default)")
    which.add_argument("--all", action="store_true", help="all of them, about ten minutes")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    try:
        verdict = Verdict.of(*run(quick=not options.all))
    except (Unavailable, RunFailed) as problem:
        print(f"conformance: {problem}", file=sys.stderr)
        return 2
    print(json.dumps(verdict.as_json(), indent=2) if options.json else verdict.as_table())
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
