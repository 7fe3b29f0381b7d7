"""``python -m devtools.vendors.azure_openai [--port 8085] [--deployment NAME=MODEL]… [--key KEY] [--faults PLAN]``

A pretend Azure OpenAI resource. Prints one line when it listens, stops on Ctrl-C or SIGTERM and then says what was asked of it.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial

from devtools import foreground
from devtools.faults.places import injector_of
from devtools.vendors.azure_openai.faults import ABILITIES, AT, PLACES
from devtools.vendors.azure_openai.service import MODELS, PretendAzureOpenAi


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit code."""
    options = _parser().parse_args(arguments)
    return foreground.run("azure openai", partial(serve, options), port=options.port)


async def serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    """Listen until it is to stop, and say then what was asked."""
    deployments = dict(options.deployment or [("text-embedding-3-small", "text-embedding-3-small")])
    faults = injector_of(AT, ABILITIES, PLACES, options.faults)
    resource = PretendAzureOpenAi(deployments=deployments, keys=[options.key], faults=faults)
    await resource.start(options.port)
    try:
        print(f"azure openai: ready on {resource.endpoint}, key {options.key}", flush=True)
        await stop.wait()
    finally:
        await resource.stop()
    answers = Counter(str(status or "no answer") for status in resource.ledger.statuses())
    said = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items())) or "nothing"
    print(f"azure openai: {said}; {len(resource.ledger.texts())} texts")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools.vendors.azure_openai", description="A pretend Azure OpenAI on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8085, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--deployment", action="append", type=_deployment, metavar="NAME=MODEL", help=f"models: {', '.join(MODELS)}")
    parser.add_argument("--key", default="pretend-key", help="what it accepts as api-key (default: %(default)s)")
    foreground.add_faults(parser)
    return parser


def _deployment(text: str) -> tuple[str, str]:
    name, _, model = text.partition("=")
    if not name or model not in MODELS:
        raise argparse.ArgumentTypeError(f"NAME=MODEL, the model one of {', '.join(MODELS)}")
    return name, model


if __name__ == "__main__":
    sys.exit(main())
