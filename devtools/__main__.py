"""``python -m devtools up | down | status | send | peek | shard | search | links | suggestions | trace | token | reset``: a local Azure to
try the app on.

Never deployed. Exit codes: 0 when all went well, 1 when it did not, 2 when the command line is wrong, 130 after Ctrl-C.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import aiohttp
from azure.core.exceptions import AzureError

from devtools.local.options import Command, Commands, parsed
from devtools.local.output import failed
from devtools.local.run import NotRunning
from shared.errors import PipelineError


def _of(name: str) -> Command:
    """The command of a module, which is loaded when the command is called: none waits for SDKs that it does not use."""
    return lambda options: import_module(f"devtools.local.{name}").command(options)


COMMANDS: Final[Commands] = {
    name: _of(name)
    for name in ("up", "down", "status", "send", "peek", "shard", "search", "links", "suggestions", "trace", "token", "reset")
}
INTERRUPTED: Final = 130


def main() -> int:
    """Run the command of this process's command line, and return the exit code."""
    try:
        exit_code = asyncio.run(carried_out(sys.argv[1:]))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return exit_code


async def carried_out(arguments: Sequence[str]) -> int:
    """The exit code of the command that these arguments name, whatever it came to.

    Raises:
        SystemExit: 0 for ``--help``, 2 where something is wrong with the arguments.
    """
    options = parsed(COMMANDS, arguments)
    options.arguments = list(arguments)
    try:
        exit_code: int = await options.command(options)
    except NotRunning as error:
        return failed(str(error))
    except (AzureError, PipelineError, aiohttp.ClientError, TimeoutError) as error:
        return failed(f"the local run does not answer ({type(error).__name__}): python -m devtools status says what is there")
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main())
