"""``python -m ops connections | backfill | completeness | linking | tenant | migrate | provision | …``: an operator's commands.

They use a deployment's own settings: those of the environment, or of the file that ``--settings`` names. Exit codes: 0 when all went well,
1 when it did not, 2 when the command line is wrong, 130 after Ctrl-C.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from devtools.local.output import failed
from ops.options import parsed
from ops.refusals import Misused, Refused
from ops.settings_file import read_settings, use_settings
from shared.errors import PipelineError, place_of

MODULES: Final = {
    "backfill": "backfill",
    "renormalize": "backfill",
    "completeness": "completeness",
    "rejected": "parked",
    "dead-letters": "parked",
    "linking": "linking",
    "tenant": "tenants.command",
    "migrate": "migrations.command",
    "provision": "provision.command",
    "connections add": "adding",
    "connections rotate": "rotation.command",
    "connections list": "connections",
    "connections test": "checks",
    "connections pause": "connections",
    "connections resume": "connections",
}
"""The module of each command, loaded when it is called: whoever asks for help waits for no SDK."""
INTERRUPTED: Final = 130
MISUSED: Final = 2


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
    """The exit code of the command that these arguments name.

    Raises:
        SystemExit: 0 for ``--help``, 2 where something is wrong with the arguments.
    """
    options = parsed(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # what goes wrong is said in one line, and not by the SDKs as well
    try:
        if options.settings is not None:
            use_settings(read_settings(options.settings), os.environ)
        return await _carried_out(options)
    except Misused as error:
        failed(str(error), who="ops")
        return MISUSED
    except Refused as error:
        return failed(str(error), who="ops")
    except PipelineError as error:
        return failed(f"{type(error).__name__}: {error}", who="ops")
    except BrokenPipeError:
        raise
    except (TimeoutError, OSError) as error:
        return failed(f"no answer ({type(error).__name__})", who="ops")
    except Exception as error:  # a bug, or a setting an SDK cannot read; its text may hold anything, a key or a body
        return failed(f"{type(error).__name__} at {place_of(error)}", who="ops")


async def _carried_out(options: object) -> int:
    from ops.ports import closing, ports_of  # noqa: PLC0415 - they load the SDKs
    from shared.hosting.services import now, services  # noqa: PLC0415 - as above

    noun, verb = getattr(options, "noun", ""), getattr(options, "verb", None)
    command = import_module(f"ops.{MODULES[noun if verb is None or noun in MODULES else f'{noun} {verb}']}").command
    deployment = services()
    async with closing(deployment):
        exit_code: int = await command(options, ports_of(deployment, now=now))
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main())
