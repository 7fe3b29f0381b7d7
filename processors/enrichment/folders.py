"""What folders are attached to, remembered for moments by one worker: the files of a folder often come together."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from processors.enrichment.relations import Folder

MOST: Final = 10_000
REMEMBERED: Final = timedelta(seconds=30)
"""Below ``STALE_AT_MOST`` of the anchors: whoever changes a folder's links looks again when that is over."""


class KnownFolders:
    """The last ones that were read, oldest forgotten first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._read: OrderedDict[tuple[str, str], tuple[datetime, Folder]] = OrderedDict()

    def put(self, tenant_id: str, folder: Folder) -> None:
        """It was just read, or written."""
        self._read[tenant_id, folder.shard_id] = (self._now(), folder)
        self._read.move_to_end((tenant_id, folder.shard_id))
        if len(self._read) > MOST:
            self._read.popitem(last=False)

    def get(self, tenant_id: str, shard_id: str) -> Folder | None:
        """As it was lately; None: it has to be read."""
        read_at, folder = self._read.get((tenant_id, shard_id), (None, None))
        return folder if read_at is not None and self._now() - read_at < REMEMBERED else None
