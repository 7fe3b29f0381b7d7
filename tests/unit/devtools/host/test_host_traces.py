import pytest

from devtools.host.traces import new_trace

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_callers_trace_goes_on_in_a_span_of_the_host() -> None:
    trace = new_trace(CALLER, "vendor=1")

    assert trace.parent.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert trace.parent.endswith("-01")
    assert "b7ad6b7169203331" not in trace.parent
    assert trace.state == "vendor=1"


@pytest.mark.parametrize("caller", [None, "", "garbage", CALLER.replace("00-", "ff-", 1), f"00-{'0' * 32}-b7ad6b7169203331-01"])
def test_without_a_usable_caller_the_trace_is_fresh(caller: str | None) -> None:
    first, second = new_trace(caller, "vendor=1"), new_trace(caller)

    assert len(first.parent) == 55
    assert first.parent != second.parent
    assert first.state == ""
