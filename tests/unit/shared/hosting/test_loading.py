"""What a worker loads once is no business of the garbage collector afterwards."""

import gc

import pytest

from shared.hosting import loading


async def test_what_was_loaded_is_kept_from_the_garbage_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_load", lambda: None)
    load, before = loading.Loading(), gc.get_freeze_count()
    try:
        await load()
        frozen = gc.get_freeze_count()
        await load()

        assert frozen > before
        assert gc.get_freeze_count() <= frozen
    finally:
        gc.unfreeze()


async def test_what_handlers_made_by_their_first_calls_is_kept_too_and_is_looked_through_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_load", lambda: None)
    load, threshold = loading.Loading(), gc.get_threshold()
    try:
        await load()
        clients = [[number] for number in range(1000)]
        frozen = gc.get_freeze_count()
        for _ in range(loading.SETTLED_AFTER):
            await load()

        assert gc.get_freeze_count() >= frozen + len(clients)
        assert gc.get_threshold() == loading.COLLECTED_AFTER
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
