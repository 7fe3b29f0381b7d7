import socket
import subprocess
import sys

import pytest

from devtools.local.ports import POOL, free_ports, hold

pytestmark = pytest.mark.integration


def test_a_port_is_given_once() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    assert not any(hold({port}) for port in ports)


def test_ports_are_below_those_that_systems_give_to_clients() -> None:
    assert all(port in POOL for port in free_ports(5))
    assert POOL.stop <= 32_768


def test_another_process_is_not_given_a_port_that_is_held_here() -> None:
    (port,) = free_ports(1)

    asked = subprocess.run(
        [sys.executable, "-c", f"from devtools.local.ports import hold; print(hold({{{port}}}))"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert asked.stdout == "False\n"


def test_when_one_of_several_ports_is_taken_none_is_held() -> None:
    (taken,) = free_ports(1)
    others = list(POOL)[:50]  # other processes may hold some of them

    assert not any(hold([other, taken]) for other in others)
    assert any(hold({other}) for other in others)


def test_a_port_on_which_somebody_listens_is_not_given() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        assert not hold({listening.getsockname()[1]})
