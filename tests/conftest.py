"""The harness: what every run obeys. The rules are plugins, so that they can be tested (tests/contract/test_harness.py)."""

pytest_plugins = ["tests.plugins.behaviour", "tests.plugins.folders", "tests.plugins.skips", "tests.plugins.sockets"]
