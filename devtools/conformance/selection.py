"""Which of the client's tests are run, which are not, and which are known to fail: each with its reason.

A pattern is compared with a test's id as pytest prints it; ``*`` stands for anything.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

FILES: Final = (
    "test_queues.py",
    "async_tests/test_queues_async.py",
    "test_sb_client.py",
    "async_tests/test_sb_client_async.py",
    "test_message.py",
    "test_sessions.py",
    "async_tests/test_sessions_async.py",
    "test_list_sessions.py",
    "async_tests/test_list_sessions_async.py",
    "test_topic.py",
    "async_tests/test_topic_async.py",
    "test_subscriptions.py",
    "async_tests/test_subscriptions_async.py",
)
"""All with live tests of messaging. Those in ``mgmt_tests`` are about the administration API, which is HTTP."""

LEFT_OUT: Final[Mapping[str, str]] = {
    "*test_message.py::test_*": "needs no broker",
    "*test_sessions*": "sessions",
    "*test_list_sessions*": "sessions",
    "*test_topic*": "topics",
    "*test_subscriptions*": "topics",
    "*defer*": "deferral",
    "*websocket*": "AMQP over WebSocket",
    "*send_twice*": "AMQP over WebSocket",
    "*send_large_message_receive*": "AMQP over WebSocket",
    "*send_timeout*": "AMQP over WebSocket",
    "*ssl_context*": "TLS",
    "*::test_client_sas_credential*": "TLS: the test gives no way to turn it off",
    "*connection_verify_exception*": "TLS",
    "*readonly_credentials*": "keys with rights of their own: there is one key here, as in the official emulator",
    "*writeonly_credentials*": "keys with rights of their own: there is one key here, as in the official emulator",
    "*incorrect_queue_conn_str*": "keys with rights of their own: there is one key here, as in the official emulator",
    "*close_spawned_handlers*": "topics",
    "*mock_auto_lock_renew_callback*": "skipped by its authors: hard to test",
}
"""Not run: about what the stand-in does not have, and says so, or about nothing it does."""

EXPECTED: Final[Mapping[str, str]] = {
    "*queue_operation_negative*": "the test's own stub lacks an argument (await_outcome): fails on any broker",
    "*test_message_property*": "the client cannot read the decimal128 it wrote itself: fails on any broker that changes nothing",
}
"""Run, and known to fail. One that passes is a failure, too: the entry has to go."""

QUICK: Final = (
    "*session_fail*",
    "*browse_empty*",
    "*browse_messages_client*",
    "*client_peek*",
    "*fail_send_messages*",
    "*state_scheduled*",
    "*batch_large*",
    "*connection_closed*",
    "*complete_message_on_different_receiver*",
    "*settle_through_mgmt*",
    "*send_message_no_body*",
    "*azure_sas_credential*",
)
"""Those that sleep little and touch most."""


def reason_of(test: str, table: Mapping[str, str]) -> str | None:
    """Why a test is in a table; None where it is not."""
    return next((reason for pattern, reason in table.items() if fnmatchcase(test, pattern)), None)


def stale(found: Iterable[str]) -> list[str]:
    """Entries that are about none of these tests: they say something that is not so any more, and have to go."""
    tests = list(found)
    run = [test for test in tests if reason_of(test, LEFT_OUT) is None]
    idle = [pattern for pattern in LEFT_OUT if not any(matches(test, [pattern]) for test in tests)]
    return idle + [pattern for pattern in (*EXPECTED, *QUICK) if not any(matches(test, [pattern]) for test in run)]


def matches(test: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(test, pattern) for pattern in patterns)
