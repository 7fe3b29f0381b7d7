"""``python -m devtools.emulators.resource_manager``: one that runs until Ctrl-C, and prints its address."""

import argparse
import asyncio

from devtools.emulators.resource_manager.server import running_resource_manager


def main() -> int:
    """Run one."""
    parser = argparse.ArgumentParser(prog="python -m devtools.emulators.resource_manager", description=main.__doc__)
    for name in ("subscription", "group", "service-bus", "cosmos", "storage"):
        parser.add_argument(f"--{name}", required=True, metavar="NAME")
    parser.add_argument("--port", type=int, default=0, metavar="PORT")
    asyncio.run(_serve(parser.parse_args()))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    names = {"service_bus": options.service_bus, "cosmos": options.cosmos, "storage": options.storage}
    async with running_resource_manager(options.subscription, options.group, port=options.port, **names) as manager:
        print(f"Azure Resource Manager at {manager.url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
