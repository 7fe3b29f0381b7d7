import socket
import subprocess
import sys

import pytest

from devtools.local.ports import POOL, free_ports, hold, is_free

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
    free = next(port for port in POOL if is_free(port) and port != taken)

    assert not hold([free, taken])
    assert hold({free})


def test_a_port_on_which_somebody_listens_is_not_given() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        assert not hold({listening.getsockname()[1]})
