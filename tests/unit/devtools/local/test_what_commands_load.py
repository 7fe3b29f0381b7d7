"""A command starts in half a second: it loads what it uses, and no more. Seven at once are then as quick as the machine."""

import subprocess
import sys

UNUSED = ["aiohttp.web", "azure.cosmos", "azure.storage", "devtools.provision", "jwt", "pydantic", "yaml"]


def test_to_look_into_a_queue_nothing_is_loaded_that_has_no_part_in_it() -> None:
    code = "import sys, devtools.__main__, devtools.local.peek; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert [module for module in UNUSED if module in loaded] == []
