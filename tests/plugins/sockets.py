"""A unit test has no network.

An audit hook of the interpreter sees every socket, however it was imported and from whatever thread; such a hook cannot be removed, so a
switch turns it on for the tests under ``tests/unit``. The event loop's own wake-up pair (AF_UNIX) stays allowed. A refusal that the code
under test swallows still fails the test.
"""

import socket
import sys
from collections.abc import Iterator

import pytest

from tests.plugins.folders import folder_of


class SocketRefused(Exception):
    """A unit test opened a socket. Move the test to ``tests/integration``, or give the code a fake."""


class _Guard:
    def __init__(self) -> None:
        self.is_on = False
        self.refused: list[str] = []

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if not self.is_on or not event.startswith("socket."):
            return
        if event == "socket.__new__" and args[1] != socket.AF_UNIX:
            self._refuse(event)
        if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
            self._refuse(event)

    def _refuse(self, event: str) -> None:
        self.refused.append(event)
        raise SocketRefused(f"a unit test may not use the network ({event})")


_guard = _Guard()


def pytest_configure() -> None:
    sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    if folder_of(request.path, request.config) != "unit":
        yield
        return
    _guard.is_on, _guard.refused = True, []
    try:
        yield
    finally:
        _guard.is_on = False
    if _guard.refused:
        pytest.fail(f"a unit test used the network: {', '.join(_guard.refused)}")
