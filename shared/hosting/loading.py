"""The imports that handlers stand on, made on a thread: a worker that starts goes on answering meanwhile.

They are kept out of the import of ``function_app`` (architecture 4, rule 9), so the first call of a worker pays for them: a third of a
second in which the event loop would not even answer the host's ping.

What was loaded stays for good, and is no business of the garbage collector any more: looking through all of it, which it does again and
again while a back-fill makes and drops records by the thousand, stops the event loop for 60 ms at a time.
"""

import asyncio
import gc
import threading
from contextlib import suppress
from typing import Final

SETTLED_AFTER: Final = 50
"""Calls, by which handlers have imported what is theirs, and opened their clients: that stays for good, too."""


COLLECTED_AFTER: Final = (20_000, 20, 20)
"""Objects more than were let go, and collections of younger ones: an answer drops all it made by itself, and at the interpreter's 700 one
call in a hundred had to wait for a collection that found nothing."""


class Loading:
    """Done once per worker; awaiting it afterwards costs nothing."""

    def __init__(self) -> None:
        self._done = False
        self._calls = 0

    async def __call__(self) -> None:
        """Return when all is imported. What fails fails again, and in words, where it is used."""
        if not self._done:
            await asyncio.to_thread(_load)  # of many calls at once the import system lets one work, and the others wait
            if not self._done:
                gc.freeze()
            self._done = True
        self._calls += 1
        if self._calls == SETTLED_AFTER:
            gc.freeze()
            gc.set_threshold(*COLLECTED_AFTER)


loaded = Loading()
_one_at_a_time = threading.Lock()


def _load() -> None:
    """The adapters, and with them the SDKs below; and where measurements go, with whatever sends them there."""
    with _one_at_a_time:  # telemetry is set up once, however many calls a worker begins with
        _import_all()
        _set_up_telemetry()


def _set_up_telemetry() -> None:
    from shared.errors import ConfigurationError
    from shared.hosting.services import services

    with suppress(ConfigurationError):  # whoever needs a setting says which is wrong
        _ = services().metrics


def _import_all() -> tuple[object, ...]:
    from shared import settings
    from shared.messaging import delivery, service_bus
    from shared.storage import chunk_store, claim_store, connection_store, shard_store
    from shared.telemetry import setup

    return settings, delivery, service_bus, chunk_store, claim_store, connection_store, shard_store, setup
