"""The two frames that are written for every message have a quick way of their own: it says what the general one says."""

import pytest

from devtools.emulators.servicebus.performatives import (
    ACCEPTED,
    DISPOSITION,
    TRANSFER,
    delivery_frame,
    frame,
    outcome,
    read_performative,
    rejected,
    settled_frame,
)
from devtools.emulators.servicebus.refusals import lock_lost
from devtools.emulators.servicebus.values import Described, UInt

HEAD_BYTES = 8


def read(written: bytes) -> tuple[bytes, object]:
    """What comes after the size in a frame's head, and what it says."""
    assert int.from_bytes(written[:4], "big") == len(written)
    return written[4:HEAD_BYTES], read_performative(written[HEAD_BYTES:])


@pytest.mark.parametrize("tag", [None, b"t" * 16])
@pytest.mark.parametrize(("settled", "more"), [(False, False), (True, True)])
@pytest.mark.parametrize("number", [0, 7, 0xFFFFFFFF])
def test_a_delivery_says_what_a_transfer_says(tag: bytes | None, settled: bool, more: bool, number: int) -> None:
    numbers = {"handle": UInt(3), "delivery_id": UInt(number), "message_format": UInt(0)}
    general = frame(1, TRANSFER, payload=b"body", **numbers, delivery_tag=tag, settled=settled, more=more)

    quick = delivery_frame(1, 3, number, tag, b"body", settled=settled, more=more)

    assert read(quick) == read(general)


@pytest.mark.parametrize("state", [outcome(ACCEPTED), rejected(lock_lost())])
@pytest.mark.parametrize("number", [0, 7, 0xFFFFFFFF])
def test_a_settlement_is_answered_by_what_a_disposition_says(state: Described, number: int) -> None:
    general = frame(1, DISPOSITION, role=False, first=UInt(number), last=UInt(number), settled=True, state=state)

    assert read(settled_frame(1, number, state)) == read(general)
