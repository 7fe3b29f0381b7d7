"""Integration tests have the stand-ins of ``tests/plugins/stand_ins.py``: ``broker``, ``cosmos``, ``azurite`` and what builds on them."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Ask for them once, however many ask: ``tests/contract/test_stores.py`` does, too."""
    config.pluginmanager.import_plugin("tests.plugins.stand_ins")
