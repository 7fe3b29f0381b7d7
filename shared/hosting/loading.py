"""The imports that handlers stand on, made on a thread: a worker that starts goes on answering meanwhile.

They are kept out of the import of ``function_app`` (architecture 4, rule 9), so the first call of a worker pays for them: a third of a
second in which the event loop would not even answer the host's ping.

What was loaded stays for good, and is no business of the garbage collector any more: looking through all of it, which it does again and
again while a back-fill makes and drops records by the thousand, stops the event loop for 60 ms at a time.
"""

import asyncio
import gc


class Loading:
    """Done once per worker; awaiting it afterwards costs nothing."""

    def __init__(self) -> None:
        self._done = False

    async def __call__(self) -> None:
        """Return when all is imported. What fails fails again, and in words, where it is used."""
        if not self._done:
            await asyncio.to_thread(_load)  # of many calls at once the import system lets one work, and the others wait
            if not self._done:
                gc.freeze()
            self._done = True


loaded = Loading()


def _load() -> tuple[object, ...]:
    """The adapters, and with them the SDKs below."""
    from shared import settings
    from shared.messaging import delivery, service_bus
    from shared.storage import chunk_store, claim_store, connection_store, shard_store
    from shared.telemetry import setup

    return settings, delivery, service_bus, chunk_store, claim_store, connection_store, shard_store, setup
