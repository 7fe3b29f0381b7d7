"""A broker that a test kills, and starts again."""

import json
import sys
from pathlib import Path

from devtools.local.child import Child
from devtools.provision import service_bus_config


class KilledBroker:
    """A broker in a process of its own, always on the same port and with the same journal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: Child | None = None
        self.port = 0
        (folder / "Config.json").write_text(json.dumps(service_bus_config()), encoding="utf-8")

    @property
    def connection_string(self) -> str:
        key = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true"
        return f"Endpoint=sb://127.0.0.1:{self.port};{key};"

    async def start(self) -> None:
        files = ("--config", str(self._folder / "Config.json"), "--data", str(self._folder / "data"), "--port", str(self.port))
        command = (sys.executable, "-m", "devtools.emulators.servicebus", *files)
        self._child = await Child.start("broker", command, ready="ready on", log=self._folder / "broker.log")
        self.port = int(self._child.ready_line.rsplit(":", 1)[1])

    async def kill(self) -> None:
        if self._child is not None:
            await self._child.kill()
            await self._child.stop()
