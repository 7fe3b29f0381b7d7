"""From one version of a shard type's structured data to the next: the one list.

Whoever raises a type's ``schema_version`` adds the step from the version before, or ``migrate`` names every shard of that version as
unreadable. A step takes the data as it is stored and gives it as the next version has it; it knows no time, asks nobody, and is never
changed afterwards.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.shard_types.integration_state import INTEGRATION_STATE

Data = dict[str, Any]
Upcast = Callable[[Data], Data]

RENAMED: Final = {
    "integrationType": "source",
    "runId": "run",
    "runStep": "step",
    "leaseExpiresAt": "leaseUntil",
    "progressCount": "recordCount",
    "lastSyncAt": "finishedAt",
    "lastSyncStatus": "lastStatus",
    "errorMessage": "lastError",
}
DROPPED: Final = ("leaseOwner", "nextSyncAt", "budgetUsedCount", "budgetLimitCount")


def state_with_a_kind(data: Data) -> Data:
    """``integration.state`` 1 → 2: several kinds of reading of one stream; before, there was that of what changed."""
    kept = {RENAMED.get(name, name): value for name, value in data.items() if name not in DROPPED}
    return {**kept, "kind": "changes"}


UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = {(INTEGRATION_STATE.id, 1): state_with_a_kind}
"""(Shard type, version) → the step to the next version."""
