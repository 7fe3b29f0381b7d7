"""How long a queue makes its messages wait: what a back-fill is paced by.

Depth is not told where messages are (it is in the management plane, which an app's identity cannot see), and says less: a thousand messages
that are gone in a second are no reason to wait.
"""

from typing import Protocol


class QueueAges(Protocol):
    """The ages of queues."""

    async def oldest_seconds(self, queue: str, *, dead_letters: bool = False) -> float:
        """How long the oldest message that is due has been; 0 when none is. A few seconds old itself.

        ``dead_letters``: of those the broker gave up delivering, since they came to the queue.

        Raises:
            TransientError: when the broker does not answer now.
        """
