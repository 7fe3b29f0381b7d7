"""A fault of one function puts that one in error and leaves the app up."""

from dataclasses import replace

import pytest

from devtools.host.function import ChangesTrigger, HostedFunction, HttpTrigger, QueueTrigger, Signature, TimerTrigger, Trigger
from devtools.host.hostjson import HostJson
from devtools.host.retries import RetryPolicy
from devtools.host.states import state_of, table


def function(name: str, trigger: Trigger, *, outputs: tuple[str, ...] = (), returns: str = "") -> HostedFunction:
    async def call(value: object) -> None: ...

    signature = Signature({"value": "generic"}, outputs, returns, needs_context=False)
    return HostedFunction(name, call, is_async=True, signature=signature, trigger_parameter="value", trigger=trigger)


QUEUE = function("reader", QueueTrigger("%QUEUE%", "BUS"))
TIMER = function("tick", TimerTrigger("%SCHEDULE%"))
CHANGES = function("watcher", ChangesTrigger("STORE", "%DB%", "%C%", "STORE", "%DB%", "%LEASES%", prefix="%STAGE%-"))
STORE = {"STORE": "AccountEndpoint=http://localhost", "DB": "shardline", "C": "shards", "LEASES": "leases", "STAGE": "dev"}
SETTINGS = {"QUEUE": "orders", "BUS": "Endpoint=sb://localhost", "SCHEDULE": "0 0 2 * * *"}


def test_settings_fill_in_queue_and_schedule() -> None:
    reader, tick = (state_of(each, HostJson(), SETTINGS) for each in (QUEUE, TIMER))

    assert (reader.state, reader.address, reader.trigger) == ("running", "orders", QueueTrigger("orders", "Endpoint=sb://localhost"))
    assert (tick.state, tick.address) == ("running", "0 0 2 * * *")


def test_settings_fill_in_database_container_leases_and_prefix_of_a_change_feed() -> None:
    watcher = state_of(CHANGES, HostJson(), STORE)

    assert (watcher.state, watcher.address) == ("running", "shardline/shards")
    assert watcher.trigger == ChangesTrigger(
        "AccountEndpoint=http://localhost", "shardline", "shards", "AccountEndpoint=http://localhost", "shardline", "leases", prefix="dev-"
    )


def test_the_route_prefix_is_part_of_the_address() -> None:
    hello = function("hello", HttpTrigger("hello/{name}", frozenset({"POST", "GET"})), returns="http")

    assert state_of(hello, HostJson(), {}).address == "GET,POST /api/hello/{name}"
    assert state_of(hello, HostJson(route_prefix=""), {}).address == "GET,POST /hello/{name}"


@pytest.mark.parametrize(
    ("each", "settings", "error"),
    [
        (QUEUE, {"BUS": "Endpoint=sb://localhost"}, "%QUEUE% does not resolve"),
        (QUEUE, {"QUEUE": "orders"}, "there is no setting BUS"),
        (TIMER, {"SCHEDULE": "daily"}, "has 1 fields"),
        (CHANGES, {**STORE, "STORE": ""}, "there is no setting STORE"),
        (CHANGES, {name: value for name, value in STORE.items() if name != "LEASES"}, "%LEASES% does not resolve"),
        (CHANGES, {**STORE, "STORE": "", "STORE__accountEndpoint": "https://x", "STORE__credential": "azd"}, "managedidentity alone"),
        (function("late", ChangesTrigger("STORE", "d", "c", "STORE", "d", start="soon")), STORE, "start_from_time is 'soon'"),
        (function("odd", HttpTrigger("a/{id:regex(x)}", frozenset())), {}, "is not imitated"),
        (function("sender", TimerTrigger("0 0 2 * * *"), outputs=("out",)), {}, "output bindings are not imitated (out)"),
        (function("sender", TimerTrigger("0 0 2 * * *"), returns="queue"), {}, "output bindings are not imitated (queue)"),
    ],
)
def test_a_fault_puts_the_function_in_error(each: HostedFunction, settings: dict[str, str], error: str) -> None:
    state = state_of(each, HostJson(), settings)

    assert state.state == "error"
    assert error in state.error


def test_a_function_turned_off_is_not_in_error() -> None:
    assert state_of(QUEUE, HostJson(), SETTINGS | {"AzureWebJobs.reader.Disabled": "1"}).state == "disabled"


def test_the_table_says_what_runs_where_and_never_the_connection_string() -> None:
    states = [state_of(each, HostJson(), SETTINGS) for each in (QUEUE, TIMER)]

    assert table(states) == (
        "host: 2 functions\n  reader  service bus  orders\n  tick    timer        0 0 2 * * *  by hand: POST /admin/functions/tick"
    )
    assert table([]) == "host: no functions"
    assert "Endpoint=" not in repr(states)


def test_the_table_says_that_a_queues_retry_policy_has_no_effect() -> None:
    repeated = replace(QUEUE, retry=RetryPolicy(3, 1.0, 1.0))

    assert table([state_of(repeated, HostJson(), SETTINGS)]).endswith("orders  its retry policy has no effect")
