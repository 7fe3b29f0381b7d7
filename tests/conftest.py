"""The harness: what every run obeys. The rules are plugins, so that they can be tested (tests/contract/test_harness.py)."""

pytest_plugins = [f"tests.plugins.{name}" for name in ("behaviour", "folders", "measuring", "skips", "sockets")]
