"""Every exception of the Service Bus SDK has a decision: a row in the table, or a place among the bugs."""

import inspect
from typing import NoReturn

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.servicebus import exceptions

from shared.errors import ConfigurationError, ContractViolation, DependencyUnavailable, PipelineError, RateLimited
from shared.messaging.service_bus import BUGS, ERRORS, SEND_TIMEOUT_SECONDS, service_bus_errors

EXPORTED = {
    member
    for name, member in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(member, Exception) and member.__module__ == exceptions.__name__ and not name.startswith("_")
}


def raised_from(error: Exception) -> Exception:
    """What comes out when this goes in."""

    def fail() -> NoReturn:
        raise error

    try:
        with service_bus_errors("send to orders"):
            fail()
    except Exception as out:  # what comes out, whatever it is, is what the tests look at
        return out
    raise AssertionError("nothing came out")


def made(kind: type[Exception]) -> Exception:
    """An instance: most take keywords alone, some want a text."""
    try:
        return kind()
    except TypeError:
        return kind("text")


def test_every_exported_exception_has_a_decision_and_only_one() -> None:
    in_table = {theirs for theirs, _ in ERRORS}

    assert in_table | BUGS == EXPORTED
    assert not in_table & BUGS


def test_no_row_is_hidden_by_an_earlier_one() -> None:
    for position, (theirs, _) in enumerate(ERRORS):
        assert not any(issubclass(theirs, earlier) for earlier, _ in ERRORS[:position])


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("ServiceBusServerBusyError", RateLimited),
        ("ServiceBusQuotaExceededError", DependencyUnavailable),
        ("MessageSizeExceededError", ContractViolation),
        ("MessagingEntityNotFoundError", ConfigurationError),
        ("MessagingEntityDisabledError", DependencyUnavailable),
        ("ServiceBusAuthenticationError", DependencyUnavailable),
        ("ServiceBusAuthorizationError", DependencyUnavailable),
        ("OperationTimeoutError", DependencyUnavailable),
        ("ServiceBusConnectionError", DependencyUnavailable),
        ("ServiceBusCommunicationError", DependencyUnavailable),
        ("ServiceBusError", DependencyUnavailable),
    ],
)
def test_an_exception_becomes_ours(name: str, ours: type[PipelineError]) -> None:
    error = raised_from(made(getattr(exceptions, name)))

    assert type(error) is ours
    assert str(error) == f"send to orders: {name}"


@pytest.mark.parametrize("kind", sorted(BUGS, key=str), ids=str)
def test_what_only_receivers_and_administrators_meet_stays_a_bug(kind: type[Exception]) -> None:
    error = made(kind)

    assert raised_from(error) is error


def test_being_throttled_asks_for_the_pause_that_service_bus_asks_for() -> None:
    error = raised_from(exceptions.ServiceBusServerBusyError())

    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 10.0


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        OSError("no route"),
        ServiceRequestError("no token"),
        ClientAuthenticationError("no identity"),
    ],
    ids=repr,
)
def test_no_answer_is_for_later(error: Exception) -> None:
    assert type(raised_from(error)) is DependencyUnavailable


def test_a_bug_stays_a_bug() -> None:
    error = KeyError("x")

    assert raised_from(error) is error


def test_the_limit_leaves_a_webhook_time_to_answer() -> None:
    assert SEND_TIMEOUT_SECONDS < 15
