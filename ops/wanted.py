"""What ``connections add`` is going to store, and what is to be done after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from ops.ports import Ports
from ops.refusals import Refused
from shared.connections.connection import Connection, connection_id


@dataclass(frozen=True)
class Wanted:
    """What is to be stored, and what whoever connects is told of it."""

    connection: Connection
    secret: SecretStr | None
    kept_as: str = "the secret"
    """What an operator puts into a setting, where there is no vault."""
    handles: tuple[str, ...] = ()
    key: str | None = None
    """The webhook's key, if it was made here."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """What else it comes to; nothing secret."""
    lost: tuple[str, ...] = ()
    """Streams it had: what they hold is compared, and taken off."""
    is_tested: bool = False
    """Whether to log in at once, and look at every stream."""
    at_the_vendors: Sequence[str] = ()
    """What has to be done there, where logging in fails or was not tried."""
    further: Sequence[str] = ()
    """What is to be done besides, such as what makes the vendor call us."""


async def known_connection(source: str, account: str, tenant: str, ports: Ports) -> Connection | None:
    """What is stored of the account already.

    Raises:
        Refused: it is another tenant's.
        TransientError: when the store cannot answer now.
    """
    known = await ports.connections.find(connection_id(source, account))
    if known is not None and known.tenant_id != tenant:
        raise Refused(f"{known.id} is connected by another tenant")
    return known


def next_steps(wanted: Wanted, ports: Ports, *, is_dry: bool, is_readable: bool | None) -> list[str]:
    """What is to be done, in this order. ``is_readable``: whether every stream can be read; None: nobody tried."""
    connection, steps = wanted.connection, list[str]()
    if is_dry:
        return [*wanted.at_the_vendors, "run it again without --dry-run"]
    if connection.credential is not None:
        if wanted.secret is not None:
            where = ports.keeper.tells(connection.credential.secret_name)
            unkept = f"put {wanted.kept_as} into {where}: it is stored nowhere yet"
            steps.append(f"the secret is {where}" if ports.keeper.takes else unkept)
        if connection.status == "paused":
            steps.append(f"it is paused by {connection.paused_by}: python -m ops connections resume {connection.id}")
        if not is_readable:
            steps += [*wanted.at_the_vendors, f"python -m ops connections test {connection.id}"]
    steps += wanted.further
    if connection.credential is not None:
        steps.append(f"the next poll starts the first back-fill: python -m ops completeness {connection.id} --watch")
    return steps
