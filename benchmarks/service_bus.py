"""How fast the local Service Bus is through the unmodified client: messages of 1 KB sent in batches, received and completed.

The client is this process, with its synchronous face, for that is the quicker one; the stand-in is another. Processor time of both is told,
because both share the cores: where the client's is the larger, the client is what is measured.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiveMode, ServiceBusReceiver, ServiceBusSender

from benchmarks.bench import processor_seconds_of
from benchmarks.measurement import ROOT, python
from devtools.emulators.servicebus.shared_access import KEY, KEY_NAME

_BODY: Final = b"x" * 1_024
_PER_BATCH: Final = 200  # just under 256 KB
_QUEUE: Final = "measured"


def measure(messages: int, *, keeps_journal: bool) -> dict[str, Any]:
    """Messages a second and processor microseconds a message, of the stand-in and of the client."""
    with (
        _stand_in(keeps_journal=keeps_journal) as (process, connection_string),
        ServiceBusClient.from_connection_string(connection_string) as client,
        client.get_queue_sender(_QUEUE) as sender,  # opening a link takes the client half a second
        client.get_queue_receiver(_QUEUE, receive_mode=ServiceBusReceiveMode.PEEK_LOCK) as receiver,
    ):
        sent = _timed(process.pid, messages, lambda: _send(sender, messages))
        return {"sent": sent, "received_and_completed": _timed(process.pid, messages, lambda: _receive(receiver, messages))}


def _send(sender: ServiceBusSender, messages: int) -> None:
    for _ in range(messages // _PER_BATCH):
        batch = sender.create_message_batch()
        for _ in range(_PER_BATCH):
            batch.add_message(ServiceBusMessage(_BODY))
        sender.send_messages(batch)


def _receive(receiver: ServiceBusReceiver, messages: int) -> None:
    left = messages // _PER_BATCH * _PER_BATCH
    while left:
        for message in receiver.receive_messages(min(100, left), max_wait_time=10):
            receiver.complete_message(message)
            left -= 1


def _timed(broker: int, messages: int, act: Callable[[], None]) -> dict[str, float]:
    before, cpu, started = processor_seconds_of(broker), time.process_time(), time.perf_counter()
    act()
    seconds, cpu_seconds, broker_seconds = time.perf_counter() - started, time.process_time() - cpu, processor_seconds_of(broker) - before
    return {
        "messages_per_second": round(messages / seconds),
        "client_processor_us": round(1e6 * cpu_seconds / messages, 1),
        "stand_in_processor_us": round(1e6 * broker_seconds / messages, 1),
    }


@contextmanager
def _stand_in(*, keeps_journal: bool) -> Iterator[tuple[subprocess.Popen[str], str]]:
    queue = {"Name": _QUEUE, "Properties": {"LockDuration": "PT5M", "MaxDeliveryCount": 10, "DefaultMessageTimeToLive": "P1D"}}
    with tempfile.TemporaryDirectory(prefix="shardline-benchmark-") as folder:
        config = Path(folder) / "Config.json"
        config.write_text(json.dumps({"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": [queue]}]}}), encoding="utf-8")
        command = [python(), "-m", "devtools.emulators.servicebus", "--config", str(config), "--port", "0"]
        command += ["--data", folder] if keeps_journal else []
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                endpoint = f"Endpoint=sb://127.0.0.1:{line.strip().rpartition(':')[2]}"
                yield process, f"{endpoint};SharedAccessKeyName={KEY_NAME};SharedAccessKey={KEY};UseDevelopmentEmulator=true;"
            finally:
                process.terminate()
