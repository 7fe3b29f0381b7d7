"""``connections test``: logging in at the vendor's, and looking at every stream."""

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from pydantic import SecretStr
from pydantic.alias_generators import to_camel

from devtools.local.output import show_json
from devtools.local.tables import table
from ingestion.sources.source import Poller, StreamCheck
from ops.ports import Ports
from ops.refusals import Refused
from ops.runs import connection_called
from shared.connections.connection import Connection

WIDTH: Final = 120
"""Characters of a line."""


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Say of each stream whether it can be read, and why not. A paused connection is tested, too."""
    connection = await connection_called(options.id, ports.connections)
    checks = await checks_of(connection, ports)
    if options.json:
        show_json(plain_checks(checks))
    else:
        print(rendered_checks(checks))
    return 0 if all(check.is_readable for check in checks) else 1


def plain_checks(checks: Sequence[StreamCheck]) -> list[dict[str, Any]]:
    """For machines."""
    return [{to_camel(name): value for name, value in asdict(check).items()} for check in checks]


def rendered_checks(checks: Sequence[StreamCheck]) -> str:
    """For people: a table, and below it what there is to say of a stream."""
    rows = [(check.stream, "yes" if check.is_readable else "NO", check.record_count) for check in checks]
    details = [
        textwrap.fill(f"{check.stream}: {check.detail}", WIDTH, subsequent_indent="  ", break_long_words=False)
        for check in checks
        if check.detail
    ]
    return "\n\n".join([table(("stream", "readable", "records"), rows), *details])


async def checks_of(connection: Connection, ports: Ports, *, known: Mapping[str, SecretStr] | None = None) -> Sequence[StreamCheck]:
    """What the vendor says of every stream. ``known``: secrets by name that may not be stored yet.

    Raises:
        Refused: the connection has no credential, or its source is not polled.
        ConfigurationError: the vendor does not let us in, and why.
        TransientError: the vendor does not answer now.
    """
    return await poller_of(connection, ports, known=known).check(connection)


def poller_of(connection: Connection, ports: Ports, *, known: Mapping[str, SecretStr] | None = None) -> Poller:
    """Who reads this connection.

    Raises:
        Refused: nobody.
    """
    if connection.credential is None:
        raise Refused(f"{connection.id} has no credential: its vendor only calls us, and nothing can be read")
    poller = ports.pollers(known=known or {}).get(connection.source)
    if poller is None:
        raise Refused(f"{connection.source} is not polled")
    return poller
