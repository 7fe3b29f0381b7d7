"""The local issuer with a clock of the test's own, and a client as the app has it. Asked for by those who need it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from devtools.fakes.clock import Clock
from devtools.issuer.server import Issuer, running_issuer
from shared.http.client import http_client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def issuer(tmp_path: Path, clock: Clock) -> AsyncIterator[Issuer]:
    async with running_issuer(tmp_path / "issuer", now=clock) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with http_client() as opened:
        yield opened
