"""What is read of a source by itself, where a connection does not say: what a tenant gets without configuring anything."""

from collections.abc import Mapping
from typing import Final

from shared.connections.connection import Connection

DEFAULT_STREAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "salesforce": ("User", "Account", "Contact", "Lead", "Opportunity"),
    "gdrive": ("drives",),
    "slack": ("User", "Channel"),
}
"""By source, in the order they are read first: people before what they own, the list of shared drives before what is in them."""


def user_stream(address: str) -> str:
    """The stream of what one user of a connection sees."""
    return f"user:{address}"


def streams_of(connection: Connection) -> tuple[str, ...]:
    """The streams of a connection: its own; or those of its source, and one for each user it is read as."""
    return connection.streams or (*DEFAULT_STREAMS.get(connection.source, ()), *map(user_stream, connection.users))
