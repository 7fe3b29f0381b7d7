"""The command lines of ``scripts/deploy`` and ``scripts/teardown``."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ENVIRONMENTS: Final = ("dev", "prod")
STEPS: Final = {
    "preflight": "is everything there that is needed",
    "providers": "switch on the resource providers",
    "group": "make the resource group",
    "what-if": "what would change",
    "create": "make it so, which takes some minutes",
    "artefact": "build the package",
    "publish": "give both apps the package",
    "provision": "queues, containers and shard types as the topology says",
    "smoke": "do both apps answer as they should",
}
"""The steps of a deployment, in their order."""
PATIENCE_SECONDS: Final = 600


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of ``deploy`` or ``teardown``, which is ``options.verb``.

    Raises:
        SystemExit: 0 for ``--help``, 2 where something is wrong.
    """
    options = whole_parser().parse_args(arguments)
    if options.verb == "deploy":
        _complete(options)
    return options


def whole_parser() -> argparse.ArgumentParser:
    """Both."""
    parser = argparse.ArgumentParser(prog="python -m ops.deployment", allow_abbrev=False)
    verbs = parser.add_subparsers(required=True, dest="verb")
    _add_deploy(verbs.add_parser("deploy", prog="scripts/deploy", description="Deploys Shardline to Azure.", allow_abbrev=False))
    _add_teardown(verbs.add_parser("teardown", prog="scripts/teardown", description="Takes a deployment away.", allow_abbrev=False))
    return parser


def _add_deploy(deploy: argparse.ArgumentParser) -> None:
    deploy.set_defaults(parser=deploy)
    deploy.add_argument("--resource-group", required=True, metavar="NAME", help="where it goes; made where it is not there")
    which = deploy.add_mutually_exclusive_group(required=True)
    which.add_argument("--environment", choices=ENVIRONMENTS, help="the parameter file in infra/")
    which.add_argument("--parameters", type=Path, metavar="FILE", help="another parameter file (.bicepparam)")
    deploy.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="in place of the file's; again for more")
    deploy.add_argument("--location", metavar="REGION", help="where the group is made")
    deploy.add_argument("--subscription", metavar="ID", help="refuse to work in another than this")
    deploy.add_argument("--artefact", type=Path, metavar="ZIP", help="publish this package, and build none: to go back to an earlier one")
    deploy.add_argument("--without-byte-code", action="store_true", help="where no Python of the deployed version is at hand")
    deploy.add_argument("--patience", type=int, default=PATIENCE_SECONDS, metavar="SECONDS", help="for the apps to answer (%(default)s)")
    deploy.add_argument("--from", dest="first", choices=STEPS, metavar="STEP", help=f"go on from here: {', '.join(STEPS)}")
    deploy.add_argument("--until", dest="last", choices=STEPS, metavar="STEP", help="end after this one")
    _add_common(deploy)
    deploy.add_argument("--yes", action="store_true", help="ask nothing")


def _add_teardown(teardown: argparse.ArgumentParser) -> None:
    teardown.set_defaults(parser=teardown)
    teardown.add_argument("--resource-group", required=True, metavar="NAME", help="what is taken away, with all it holds")
    teardown.add_argument("--subscription", metavar="ID", help="refuse to work in another than this")
    teardown.add_argument(
        "--purge", action="store_true", help="also what Azure would keep for a while: key vaults and Azure OpenAI accounts"
    )
    _add_common(teardown)
    teardown.add_argument("--yes", metavar="NAME", help="ask nothing: the group's name, once more")


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="print every command, and run none")
    command.add_argument("--json", action="store_true", help="print the result as JSON")


def _complete(options: argparse.Namespace) -> None:
    if options.parameters is None:
        options.parameters = Path("infra", f"{options.environment}.bicepparam")
    names = list(STEPS)
    if options.first and options.last and names.index(options.first) > names.index(options.last):
        options.parser.error(f"--until {options.last} comes before --from {options.first}")
    if wrong := [one for one in options.parameter if not one.partition("=")[1]]:
        options.parser.error(f"--parameter {wrong[0]}: NAME=VALUE is expected")
    if options.artefact is not None and not options.artefact.is_file():
        options.parser.error(f"--artefact {options.artefact}: no such file")
