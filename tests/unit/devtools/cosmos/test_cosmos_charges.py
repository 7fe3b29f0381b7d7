"""The price list of the stand-in."""

import pytest

from devtools.emulators.cosmos.charges import query_charge, read_charge, write_charge


@pytest.mark.parametrize(
    ("kilobytes", "read", "write"),
    [
        (0.1, 1.0, 4.95),
        (1, 1.0, 4.95),
        (1.5, 1.02, 5.62),
        (2, 1.04, 6.29),
        (8, 1.33, 7.04),
        (16, 1.67, 9.52),
        (64, 3.71, 22.67),
        (128, 7.42, 45.34),
    ],
)
def test_an_item_costs_by_its_size(kilobytes: float, read: float, write: float) -> None:
    size_bytes = int(kilobytes * 1024)

    assert read_charge(size_bytes) == pytest.approx(read, abs=0.01)
    assert write_charge(size_bytes) == pytest.approx(write, abs=0.01)


def test_a_query_has_a_floor_and_costs_more_the_more_it_looks_at() -> None:
    assert query_charge(0) == 2.3
    assert query_charge(100) == pytest.approx(7.3)
