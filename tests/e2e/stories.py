"""Several stories at once, each in an environment of its own: most of a story about failure is waiting for something to come back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

Story = Callable[[Path, Path], Coroutine[Any, Any, None]]
"""Of the unpacked artefact and a folder of its own."""

AT_ONCE: Final = 4
"""More would only slow each other down on two processors."""


@asynccontextmanager
async def under_way(stories: Mapping[str, Story], artefact: Path, folder: Path) -> AsyncIterator[Mapping[str, asyncio.Task[None]]]:
    """Start them in their order; a test awaits its own."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def told(story: Story, number: int) -> None:
        async with gate:
            await story(artefact, folder / f"story-{number}")

    tasks = {name: asyncio.create_task(told(story, number)) for number, (name, story) in enumerate(stories.items())}
    try:
        yield tasks
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
