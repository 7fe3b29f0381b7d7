"""Ports that nobody else takes while this process lives.

A port that is free now may be taken a moment later: by another test process that looked at the same moment, or by an outgoing connection,
which systems give a port above 32767. So ports come from below that, and each is held by a lock on a file of its own until the process
ends, however it ends. All who ask here keep out of each other's way; others are only looked for.
"""

import fcntl
import os
import secrets
import socket
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Final

POOL: Final = range(17_000, 32_000)
"""Above every default port, below the ports that systems give to clients."""
_held: Final[dict[int, int]] = {}


def free_ports(count: int) -> list[int]:
    """So many ports of the pool, held from now on."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(POOL)
        if hold({port}):
            found.append(port)
    return found


def hold(ports: Collection[int]) -> bool:
    """Hold these ports until the process ends: all of them, or none when one is held already or somebody listens on it."""
    taken: dict[int, int] = {}
    for port in ports:
        handle = None if port in _held or not is_free(port) else _lock(port)
        if handle is None:
            for other in taken.values():
                os.close(other)
            return False
        taken[port] = handle
    _held.update(taken)
    return True


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _lock(port: int) -> int | None:
    folder = Path(tempfile.gettempdir()) / f"shardline-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / str(port), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
