"""``python -m devtools up | down | status | send | peek | shard | search | trace | token | reset``: a local Azure to try the app on.

Never deployed. Exit codes: 0 when all went well, 1 when it did not, 2 when the command line is wrong, 130 after Ctrl-C.
"""

import asyncio
import os
import sys
from typing import Final

import aiohttp
from azure.core.exceptions import AzureError

from devtools.local import commands, lifecycle
from devtools.local.commands import failed
from devtools.local.options import Commands, parsed
from devtools.local.run import NotRunning
from shared.errors import PipelineError

COMMANDS: Final[Commands] = {
    "up": lifecycle.up,
    "down": lifecycle.down,
    "status": lifecycle.status,
    "send": commands.send,
    "peek": commands.peek,
    "shard": commands.shard,
    "search": commands.ask,
    "trace": commands.trace_one,
    "token": commands.token,
    "reset": lifecycle.reset,
}
INTERRUPTED: Final = 130


def main() -> int:
    """Run one command, and return the exit code."""
    options = parsed(COMMANDS, sys.argv[1:])
    options.arguments = sys.argv[1:]
    try:
        exit_code: int = asyncio.run(options.command(options))
        sys.stdout.flush()
    except NotRunning as error:
        return failed(str(error))
    except (AzureError, PipelineError, aiohttp.ClientError, TimeoutError) as error:
        return failed(f"the local run does not answer ({type(error).__name__}): python -m devtools status says what is there")
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main())
