"""The options of ``linking``: a tenant's policy, from the command line."""

import argparse
from collections.abc import Mapping
from typing import Final, get_args

from shared.linking.evidence import EvidenceSource, Feature
from shared.linking.policy import ALWAYS

WEIGHED: Final = get_args(Feature)
SWITCHED: Final = tuple(feature for feature in WEIGHED if feature not in ALWAYS)
SOURCES: Final = get_args(EvidenceSource)
NUMBERS: Final = ("link_from", "suggest_from", "margin")
"""Options that are a field of the policy each; so are the next."""
SAYS: Final[Mapping[str, str]] = {
    "link_from": "a candidate with at least this score is linked",
    "suggest_from": "one with at least this is suggested",
    "margin": "by so much the best has to be ahead of the second",
}


def add_show(command: argparse.ArgumentParser) -> None:
    """Options of ``show``."""
    _tenant(command)
    command.add_argument(
        "--anchors", action="store_true", help="also count what others are linked to, and whether a worker holds all of it"
    )


def add_set(command: argparse.ArgumentParser) -> None:
    """Options of ``set``."""
    _tenant(command)
    for field in NUMBERS:
        command.add_argument(f"--{field.replace('_', '-')}", type=_share, metavar="SHARE", help=f"{SAYS[field]} (0 to 1)")
    command.add_argument(
        "--weight",
        action="append",
        default=[],
        type=lambda text: _pair(text, WEIGHED),
        metavar="FEATURE=SHARE",
        help="how much one piece of this evidence says; again for more",
    )
    command.add_argument(
        "--ceiling",
        action="append",
        default=[],
        type=lambda text: _pair(text, SOURCES),
        metavar="SOURCE=SHARE",
        help="how much all evidence of this source may come to; again for more",
    )
    command.add_argument(
        "--off", action="append", default=[], choices=SWITCHED, metavar="FEATURE", help="look for this no longer: %(choices)s"
    )
    command.add_argument("--on", action="append", default=[], choices=SWITCHED, metavar="FEATURE", help="look for this again")
    command.add_argument(
        "--own-domain", action="append", default=[], metavar="DOMAIN", help="a mail domain of the tenant itself; again for more"
    )
    command.add_argument("--no-own-domain", action="append", default=[], metavar="DOMAIN", help="one that is not the tenant's any more")
    command.add_argument("--country", metavar="CODE", help="where phone numbers without a country are dialled (ISO 3166: DE)")
    command.add_argument("--max-suggestions", type=int, metavar="N", help="so many suggestions of one shard at most")
    command.add_argument("--automatic", action=argparse.BooleanOptionalAction, default=None, help="link without asking, or only suggest")
    command.add_argument("--suggestions", action=argparse.BooleanOptionalAction, default=None, help="suggest what is likely, or do not")
    _dry_run(command)
    command.set_defaults(is_wrong=lambda options: None if changes_of(options) else "say what to set")


def add_reset(command: argparse.ArgumentParser) -> None:
    """Options of ``reset``."""
    _tenant(command)
    command.add_argument("--yes", action="store_true", help="without it nothing is done: what was set is gone then")
    _dry_run(command)


def add_relink(command: argparse.ArgumentParser) -> None:
    """Options of ``relink``."""
    _tenant(command)
    command.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="TYPE",
        help="only shards of this type; again for more (default: all that are linked)",
    )
    _dry_run(command)


def changes_of(options: argparse.Namespace) -> set[str]:
    """Which options of ``set`` say something."""
    single = {*NUMBERS, "country", "max_suggestions", "automatic", "suggestions"}
    several = {"weight", "ceiling", "off", "on", "own_domain", "no_own_domain"}
    said = {name for name in single if getattr(options, name) is not None}
    return said | {name for name in several if getattr(options, name)}


def _tenant(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tenant", required=True, metavar="ID", help="whose policy")


def _dry_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return number


def _pair(text: str, names: tuple[str, ...]) -> tuple[str, float]:
    name, _, number = text.partition("=")
    if name not in names:
        raise argparse.ArgumentTypeError(f"there is no {name or 'such thing'}: there is {', '.join(names)}")
    return name, _share(number)
