"""Fixtures of the webhook's tests."""

import logging
from collections.abc import Iterator

import pytest

from tests.unit.ingestion.said import Said


@pytest.fixture
def said() -> Iterator[Said]:
    """Everything logged during the test."""
    handler, root = Said(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)
