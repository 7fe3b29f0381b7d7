"""Triggers as the decorators describe them."""

from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest

from devtools.host.function import ChangesTrigger, TimerTrigger, Trigger
from devtools.host.refusal import AppRefused
from devtools.host.triggers import trigger_of


def trigger(decorate: Callable[[func.FunctionApp], Callable[[Callable[..., Any]], Any]]) -> Trigger:
    """What becomes of a decorated function's trigger."""
    app = func.FunctionApp()

    async def f(value: object) -> None: ...

    decorate(app)(f)
    [function] = app.get_functions()
    binding = function.get_trigger()
    assert binding is not None
    return trigger_of("f", binding.get_dict_repr())


def changes(**options: Any) -> Trigger:
    return trigger(lambda app: app.cosmos_db_trigger("value", "STORE", "d", "c", **options))


def test_a_timer_is_monitored_and_waits_for_its_schedule_unless_it_says_otherwise() -> None:
    usual = trigger(lambda app: app.timer_trigger("value", "0 * * * * *"))
    other = trigger(lambda app: app.timer_trigger("value", "0 * * * * *", run_on_startup=True, use_monitor=False))

    assert usual == TimerTrigger("0 * * * * *", is_run_on_startup=False, is_monitored=True)
    assert other == TimerTrigger("0 * * * * *", is_run_on_startup=True, is_monitored=False)


def test_a_change_feed_has_the_defaults_of_the_documentation() -> None:
    assert changes() == ChangesTrigger(
        connection="STORE",
        database="d",
        container="c",
        lease_connection="STORE",
        lease_database="d",
        lease_container="leases",
        prefix="",
        creates_lease_container=False,
        start="now",
        most=100,
        poll_seconds=5.0,
        acquire_seconds=13.0,
        expire_seconds=60.0,
        renew_seconds=17.0,
    )


def test_a_change_feed_takes_every_option_of_its_decorator_in_milliseconds() -> None:
    found = changes(
        lease_connection="LEASES",
        lease_database_name="ld",
        lease_container_name="lc",
        lease_container_prefix="p-",
        create_lease_container_if_not_exists=True,
        start_from_beginning=True,
        max_items_per_invocation=7,
        feed_poll_delay=100,
        lease_acquire_interval=200,
        lease_expiration_interval=300,
        lease_renew_interval=400,
    )

    assert found == ChangesTrigger(
        connection="STORE",
        database="d",
        container="c",
        lease_connection="LEASES",
        lease_database="ld",
        lease_container="lc",
        prefix="p-",
        creates_lease_container=True,
        start="beginning",
        most=7,
        poll_seconds=0.1,
        acquire_seconds=0.2,
        expire_seconds=0.3,
        renew_seconds=0.4,
    )


def test_a_change_feed_may_start_at_a_moment_but_not_from_the_beginning_as_well() -> None:
    found = changes(start_from_time="2026-11-22T03:00:00Z")

    assert isinstance(found, ChangesTrigger)
    assert found.start == "2026-11-22T03:00:00Z"
    with pytest.raises(AppRefused, match="only one of start_from_beginning and start_from_time"):
        changes(start_from_beginning=True, start_from_time="2026-11-22T03:00:00Z")


def test_the_older_decorator_is_refused_with_the_one_to_use() -> None:
    with pytest.raises(AppRefused, match="use cosmos_db_trigger"):
        trigger(lambda app: app.cosmos_db_trigger_v3("value", "d", "c", "STORE"))
