"""What ``ops provision`` sends is what ``infra/modules`` says: the same versions of the API, and the same size of a queue."""

import re
from pathlib import Path
from typing import Final

import pytest

from ops.provision.kinds import BLOB_CONTAINER, CONTAINER, DATABASE, QUEUE, QUEUE_MEGABYTES, QUEUE_PROPERTIES, Kind

MODULES: Final = Path(__file__).parents[2] / "infra" / "modules"
TYPES: Final = {
    "Microsoft.ServiceBus/namespaces/queues": QUEUE,
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases": DATABASE,
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": CONTAINER,
    "Microsoft.Storage/storageAccounts/blobServices/containers": BLOB_CONTAINER,
}


def text() -> str:
    return "\n".join(module.read_text(encoding="utf-8") for module in sorted(MODULES.glob("*.bicep")))


@pytest.mark.parametrize(("resource", "kind"), TYPES.items(), ids=TYPES)
def test_both_speak_the_same_version(resource: str, kind: Kind) -> None:
    assert set(re.findall(rf"'{resource}@([0-9-]+)'", text())) == {kind.api_version}


def test_a_queue_is_made_with_the_same_values() -> None:
    [block] = re.findall(r"namespaces/queues@.*?\n\]", text(), re.DOTALL)

    assert set(re.findall(r"^      (\w+): queue\.\1$", block, re.MULTILINE)) == set(QUEUE_PROPERTIES)
    assert f"maxSizeInMegabytes: {QUEUE_MEGABYTES}" in block
