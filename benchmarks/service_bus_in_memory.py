"""What ``service_bus`` measures, of a stand-in that keeps no journal: the same client, the same messages, only ``--data`` is missing."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from azure.servicebus import ServiceBusClient, ServiceBusReceiveMode

from benchmarks.measurement import ROOT, python
from benchmarks.service_bus import _QUEUE, _receive, _send, _timed  # the very same calls: else the two could not be compared
from devtools.emulators.servicebus.shared_access import KEY, KEY_NAME


def measure(messages: int) -> dict[str, Any]:
    """Messages a second and processor microseconds a message, of the stand-in and of the client."""
    with (
        _stand_in() as (process, connection_string),
        ServiceBusClient.from_connection_string(connection_string) as client,
        client.get_queue_sender(_QUEUE) as sender,
        client.get_queue_receiver(_QUEUE, receive_mode=ServiceBusReceiveMode.PEEK_LOCK) as receiver,
    ):
        sent = _timed(process.pid, messages, lambda: _send(sender, messages))
        return {"sent": sent, "received_and_completed": _timed(process.pid, messages, lambda: _receive(receiver, messages))}


@contextmanager
def _stand_in() -> Iterator[tuple[subprocess.Popen[str], str]]:
    queue = {"Name": _QUEUE, "Properties": {"LockDuration": "PT5M", "MaxDeliveryCount": 10, "DefaultMessageTimeToLive": "P1D"}}
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        config = Path(folder) / "Config.json"
        config.write_text(json.dumps({"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": [queue]}]}}), encoding="utf-8")
        command = (python(), "-m", "devtools.emulators.servicebus", "--config", str(config), "--port", "0")
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                endpoint = f"Endpoint=sb://127.0.0.1:{line.strip().rpartition(':')[2]}"
                yield process, f"{endpoint};SharedAccessKeyName={KEY_NAME};SharedAccessKey={KEY};UseDevelopmentEmulator=true;"
            finally:
                process.terminate()
