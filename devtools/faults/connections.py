"""What every stand-in that speaks HTTP can do to a call instead of answering it: end its connection, or say nothing.

Both wait until whoever asked is gone, so they need a server that then cancels the handler (``handler_cancellation``).
"""

import asyncio
from typing import NoReturn

from aiohttp import web


async def end_connection(request: web.BaseRequest) -> NoReturn:
    """The connection is reset; nothing of an answer was sent."""
    if request.transport is not None:
        request.transport.abort()
    await say_nothing()


async def say_nothing() -> NoReturn:
    """The connection stays open, and no answer comes."""
    while True:
        await asyncio.Event().wait()
