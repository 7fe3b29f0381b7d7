"""As in Azure: the app from its zip, with the packages in it and nothing else that is installed, and with an identity instead of keys."""

import asyncio
import json
import shutil
import signal
import sys
from pathlib import Path

import pytest

from devtools import azurite
from devtools.artefact import Target, kept_package
from devtools.artefact.__main__ import KEPT
from devtools.emulators.cosmos.key import KEY
from devtools.emulators.servicebus import shared_access
from devtools.local.run import folder_of
from tests.e2e.environment import free_offset
from tests.e2e.local_runs import DEVTOOLS, command, commands, document, forget, found_by_itself, free_again
from tests.e2e.processes import all_gone, run, running

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

KEYS = (KEY, azurite.KEY, shared_access.KEY, "AccountKey", "SharedAccessKey")
ALL_RIGHT = "all 8 records are stored, right, linked, embedded and found"


async def test_the_zip_alone_passes_the_first_run_with_an_identity_and_the_other_commands_reach_its_stores(tmp_path: Path) -> None:
    offset, zipped = free_offset(), as_deployed(tmp_path)
    here = ("--port-offset", str(offset))

    async with running(*DEVTOOLS, "up", "--aad", "--app", str(zipped), *here) as up:
        await up.said("Ctrl-C stops everything.")
        children = up.children()
        [host] = [child for child, line in children.items() if "devtools.host" in line]
        environment, loaded = _environment(host), _loaded(host)
        status, peeked = await commands(("status", "--json", *here), ("peek", "rejected-messages", *here))
        sent = await command("send", "--wait", *here)
        shards = await document("shard", *here)
        operated = await run(sys.executable, "-m", "ops", "connections", "list", "--settings", str(folder_of(offset) / "settings.json"))
        up.signal(signal.SIGINT)
        code = await up.ended(30)

    assert any(ALL_RIGHT in line for line in up.out)
    assert (json.loads(status[1])["allAnswer"], peeked) == (True, (0, "0 messages", ""))
    assert (sent[0], "stored, right, linked and embedded" in sent[1], len(shards) > 8) == (0, True, True)
    assert (operated[0], "salesforce:" in operated[1]) == (0, True), operated[2]
    assert [name for name, value in environment.items() for key in KEYS if key in value] == []
    assert not {"SERVICE_BUS", "COSMOS", "BLOB"} & environment.keys()
    assert loaded == [path for path in loaded if path.startswith(str(folder_of(offset) / "artefact"))] != []
    assert code == 130
    await all_gone(set(children))
    await free_again(offset)
    forget(offset)


@pytest.mark.long
async def test_once_ends_with_0_and_beside_it_another_run_with_identities(tmp_path: Path) -> None:
    first, second = free_offset(), free_offset()
    once = ("scripts/up", "--once", "--aad", "--json")
    packaged = ("--app", str(as_deployed(tmp_path)))

    ended = await asyncio.gather(
        run(*once, *packaged, "--port-offset", str(first), seconds=240), run(*once, "--port-offset", str(second), seconds=240)
    )

    for code, out, errors in ended:
        assert (code, errors) == (0, "")
        found_by_itself(json.loads(out))
    await free_again(first)
    await free_again(second)
    forget(first, second)


def as_deployed(folder: Path) -> Path:
    """The zip that scripts/deploy publishes, in a folder where nothing else is."""
    (folder / "empty").mkdir()
    return Path(shutil.copy(kept_package(KEPT, Target()), folder / "empty"))


def _environment(process_id: int) -> dict[str, str]:
    """What a process was started with."""
    pairs = Path(f"/proc/{process_id}/environ").read_text(encoding="utf-8").split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def _loaded(process_id: int) -> list[str]:
    """The compiled packages that a process has loaded: those of the standard library are elsewhere."""
    mapped = {line.split(maxsplit=5)[-1] for line in Path(f"/proc/{process_id}/maps").read_text(encoding="utf-8").splitlines()}
    return sorted(path for path in mapped if "site-packages" in path and path.endswith(".so"))
