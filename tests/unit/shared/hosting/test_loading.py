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
