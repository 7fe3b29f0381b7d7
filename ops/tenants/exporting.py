"""Everything there is of a tenant, in readable files: JSON Lines for items and messages, blobs as they are, and a manifest that says how
many there are, with a hash of each file.

A file is written under a name that says that it is not whole, and gets its own when it is. An export that broke off goes on with the same
folder: what is whole is not read again. Nothing is held in memory but a page of items, or one blob.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ops.parked_message import Peeked, Place
from ops.refusals import Refused
from ops.tenants.files import Written, as_document, as_line, hashed, opened, put, written_of
from ops.tenants.looking import blobs_of, called, queue_places, tenant_of
from ops.tenants.patience import patiently
from ops.tenants.places import BLOBS, CONNECTIONS, HANDLES, ITEMS, NOT_REACHED, BlobPlace, ItemPlace
from ops.tenants.ports import TenantPorts
from ops.tenants.showing import Progress
from ops.tenants.whose import said_by
from shared.contracts.message import timestamp
from shared.shard_types.integration_state import INTEGRATION_STATE
from shared.topology import REJECTED_MESSAGES

VERSION: Final = 1
MANIFEST: Final = "manifest.json"
UNFINISHED: Final = "unfinished.json"
"""What an export that is not finished has of its manifest."""
TRIES: Final = 3
"""How often a place is written again that has changed meanwhile."""
ON_THEIR_WAY: Final = frozenset(called(place) for place in queue_places() if not place.dead and place.queue != REJECTED_MESSAGES)
"""Queues that workers empty while they are read: another number of messages a moment later is no fault."""
SECRETS: Final = "left out: secrets in Key Vault and settings, which no document holds; enciphered sessions in integration.state"


Write = Callable[[], Awaitable[list[Written]]]
Steps = dict[str, Write]
FEW: Final = 3


@dataclass(frozen=True)
class Exporting:
    """One tenant's, into a folder that is empty or holds an export of it that broke off."""

    tenant_id: str
    folder: Path
    ports: TenantPorts
    progress: Progress

    async def export(self) -> dict[str, Any]:
        """Write all of it, and see that it is all. Returns the manifest.

        Raises:
            Refused: the folder holds something else, or a finished export.
            PipelineError: a store does not answer, or refuses. The same call goes on.
        """
        known = self._begun()
        for together in self._steps():
            left = {name: write for name, write in together.items() if name not in known or not self._is_whole(known[name])}
            self.progress.says(f"writing {', '.join(left)}" if len(left) < FEW else "writing messages")
            written = await asyncio.gather(*(patiently(write, self.ports.wait) for write in left.values()))
            known.update(zip(left, written, strict=True))
            self._remember(known)
        differs = await self._verified(known)
        manifest = self._manifest(known, differs)
        put(self.folder / MANIFEST, as_document(manifest))
        (self.folder / UNFINISHED).unlink(missing_ok=True)
        return manifest

    def _begun(self) -> dict[str, list[Written]]:
        """What is whole already."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self.folder / UNFINISHED
        if (self.folder / MANIFEST).exists():
            raise Refused(f"{self.folder} holds a finished export: name another folder")
        if not unfinished.exists():
            if any(self.folder.iterdir()):
                raise Refused(f"{self.folder} is not empty")
            self._remember({})
            return {}
        try:
            read = json.loads(unfinished.read_text(encoding="utf-8"))
            if (read["version"], read["tenantId"]) != (VERSION, self.tenant_id):
                raise Refused(f"{self.folder} holds an export of another tenant, or of another version")
            return {name: [written_of(one) for one in files] for name, files in read["places"].items()}
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Refused(f"{self.folder} holds something else: {UNFINISHED} cannot be read") from None

    def _remember(self, known: dict[str, list[Written]]) -> None:
        places = {name: [one.plain() for one in files] for name, files in known.items()}
        put(self.folder / UNFINISHED, as_document({"version": VERSION, "tenantId": self.tenant_id, "places": places}))

    def _is_whole(self, files: list[Written]) -> bool:
        return all((self.folder / one.file).is_file() and hashed(self.folder / one.file) == one.sha256 for one in files)

    def _steps(self) -> Iterator[Steps]:
        """What to write, in order; queues side by side, for the SDK takes seconds for each."""
        for place in (CONNECTIONS, HANDLES, *ITEMS):
            yield {place.name: partial(self._items, place)}
        yield {called(queue): partial(self._messages, queue) for queue in queue_places()}
        for blobs in BLOBS:
            yield {blobs.name: partial(self._blobs, blobs)}

    async def _items(self, place: ItemPlace) -> list[Written]:
        async def lines() -> AsyncIterator[bytes]:
            async for document in self.ports.items.each(place, self.tenant_id):
                yield as_line(without_session(document))

        return [await self._lines(f"items/{place.name}.jsonl", place.name, lines())]

    async def _messages(self, place: Place) -> list[Written]:
        async def lines() -> AsyncIterator[bytes]:
            async for message in self.ports.messages.each(place):
                if await tenant_of(message, self.ports) == self.tenant_id:
                    yield as_line(_message(message))

        return [await self._lines(f"messages/{called(place)}.jsonl", called(place), lines())]

    async def _blobs(self, place: BlobPlace) -> list[Written]:
        files = []
        async for name in blobs_of(self.tenant_id, place, self.ports):
            body = await self.ports.blobs.read(place.container, name)
            if body is None or (place.is_of_nobody and said_by(body, {}) != self.tenant_id):
                continue
            file = f"blobs/{place.name}/{name}"
            if not (self.folder / file).resolve().is_relative_to((self.folder / "blobs" / place.name).resolve()):
                raise Refused("a blob's name leads out of its folder")
            put(self.folder / file, body)
            files.append(Written(file, place.name, 1, hashlib.sha256(body).hexdigest(), len(body)))
            self.progress.counts(place.name, len(files), 0)
        return files

    async def _lines(self, file: str, place: str, lines: AsyncIterator[bytes]) -> Written:
        path, count, size, content = self.folder / file, 0, 0, hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_name(f"{path.name}.partial")
        with opened(unfinished) as written:
            async for line in lines:
                written.write(line)
                content.update(line)
                count, size = count + 1, size + len(line)
                self.progress.counts(place, count, 0)
        unfinished.replace(path)
        return Written(file, place, count, content.hexdigest(), size)

    async def _verified(self, known: dict[str, list[Written]]) -> dict[str, dict[str, int]]:
        """Places where the store has another number than the files by now, after they were written again; what was damaged is, too."""
        differs: dict[str, dict[str, int]] = {}

        async def compare(name: str, write: Write) -> None:
            for left in reversed(range(TRIES)):
                stored, count = await self._stored(name), sum(one.count for one in known[name])
                if stored == count and self._is_whole(known[name]):
                    return
                if not left:
                    differs[name] = {"stored": stored, "exported": count}
                    return
                before, known[name] = known[name], await patiently(write, self.ports.wait)
                for gone in {one.file for one in before} - {one.file for one in known[name]}:
                    (self.folder / gone).unlink(missing_ok=True)
                self._remember(known)

        self.progress.says("comparing with the stores")
        for together in self._steps():
            await asyncio.gather(*(compare(name, write) for name, write in together.items()))
        return differs

    async def _stored(self, name: str) -> int:
        for place in (CONNECTIONS, HANDLES, *ITEMS):
            if place.name == name:
                return await self.ports.items.count(place, self.tenant_id)
        for blobs in BLOBS:
            if blobs.name == name:
                return len([one async for one in blobs_of(self.tenant_id, blobs, self.ports)])
        [queue] = [place for place in queue_places() if called(place) == name]
        return len([1 async for one in self.ports.messages.each(queue) if await tenant_of(one, self.ports) == self.tenant_id])

    def _manifest(self, known: dict[str, list[Written]], differs: dict[str, dict[str, int]]) -> dict[str, Any]:
        return {
            "version": VERSION,
            "tenantId": self.tenant_id,
            "stores": dict(self.ports.stores),
            "exportedAt": timestamp(self.ports.now()),
            "isVerified": differs.keys() <= ON_THEIR_WAY,
            "counts": {name: sum(one.count for one in files) for name, files in known.items()},
            "differs": differs,
            "files": [one.plain() for files in known.values() for one in files],
            "secrets": SECRETS,
            "notReached": [{"what": what, "howLong": how_long} for what, how_long in NOT_REACHED],
        }


def _message(message: Peeked) -> dict[str, Any]:
    try:
        body: dict[str, Any] = {"body": message.body.decode()}
    except UnicodeDecodeError:
        body = {"body": message.body.hex(), "bodyIsHex": True}
    return {
        "messageId": message.message_id,
        "enqueuedAt": timestamp(message.enqueued_at),
        "isScheduled": message.is_scheduled,
        "deadLetterReason": message.reason,
        "properties": dict(message.properties),
        **body,
    }


def without_session(document: dict[str, Any]) -> dict[str, Any]:
    """A document as it is exported: the enciphered session of a connection's workers is left out."""
    data = document.get("structuredData")
    if document.get("shardTypeId") != INTEGRATION_STATE.id or not isinstance(data, dict) or not isinstance(data.get("cursor"), str):
        return document
    try:
        cursor = json.loads(data["cursor"])
    except ValueError:
        return document
    if not isinstance(cursor, dict) or "token" not in cursor:
        return document
    return {**document, "structuredData": {**data, "cursor": json.dumps({**cursor, "token": None})}}
