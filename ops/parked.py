"""``rejected`` and ``dead-letters``: what is parked, sent round again or thrown away.

Bodies are shown only where they are asked for: they are the tenants' data.
"""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Any

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.parked_message import Parked, Peeked, Place, parked_of
from ops.parking import Parking
from ops.ports import Ports
from ops.refusals import Refused
from shared.contracts.claim import ClaimStore
from shared.contracts.message import timestamp
from shared.topology import QUEUES, REJECTED_MESSAGES


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Carry out one of the verbs."""
    places = places_of(options)
    looked = await asyncio.gather(*(look(place, ports.parking, ports.claims) for place in places))  # the SDK takes a second for each
    found = sorted((parked for here in looked for parked in here), key=lambda one: one.parked_at)
    left = [parked for parked in found if _is_left(parked, options)]
    match options.verb:
        case "list":
            return _list(left, options, ports)
        case "show":
            [parked] = chosen(left, options.ids)
            show_json({**plain(parked, ports), "properties": dict(parked.properties), **(_body(parked) if options.body else {})})
            return 0
        case "replay":
            return await _replay(left if options.all else chosen(left, options.ids), options, ports)
        case _:
            return await _drop(left if options.all else chosen(left, options.ids), options, ports)


def places_of(options: argparse.Namespace) -> list[Place]:
    """Where to look."""
    if options.noun == "rejected":
        return [Place(REJECTED_MESSAGES)]
    return [Place(queue.name, dead=True) for queue in QUEUES if options.queue in {None, queue.name}]


async def look(place: Place, parking: Parking, claims: ClaimStore) -> list[Parked]:
    """What is parked at a place.

    Raises:
        PipelineError: the broker, or the store of large bodies, does not answer.
    """
    return await asyncio.gather(*(parked_of(peeked, claims=claims) for peeked in await parking.look(place)))


def chosen(found: Sequence[Parked], names: Sequence[str]) -> list[Parked]:
    """The messages that are called so, each once.

    Raises:
        Refused: a name is nobody's, or that of several.
    """
    picked: dict[tuple[Place, int], Parked] = {}
    for name in names:
        called = [parked for parked in found if parked.is_called(name)]
        exact = [parked for parked in called if name in {str(parked.number), parked.id, parked.message_id}]
        called = exact if len(exact) == 1 else called
        if len(called) != 1:
            raise Refused(f"{len(called)} messages there are called {name}")
        picked[called[0].place, called[0].number] = called[0]
    return list(picked.values())


def plain(parked: Parked, ports: Ports) -> dict[str, Any]:
    """For machines; without the body."""
    return {
        "id": parked.id,
        "messageId": parked.message_id,
        "number": parked.number,
        "tenantId": parked.tenant_id,
        "queue": parked.queue,
        "type": parked.type,
        "reason": parked.reason,
        "detail": parked.detail,
        "attempts": parked.attempts,
        "parkedAt": timestamp(parked.parked_at),
        "ageSeconds": round(max(0.0, (ports.now() - parked.parked_at).total_seconds())),
        "sizeBytes": len(parked.body),
        "isReadable": parked.is_readable,
    }


def _is_left(parked: Parked, options: argparse.Namespace) -> bool:
    return options.reason in {None, parked.reason} and options.queue in {None, parked.queue} and options.tenant in {None, parked.tenant_id}


def _list(left: Sequence[Parked], options: argparse.Namespace, ports: Ports) -> int:
    shown = [plain(parked, ports) for parked in left[: options.most]]
    if options.json:
        show_json(shown)
        return 0
    head = ("number", "id", "tenant", "queue", "type", "reason", "detail", "attempts", "age", "bytes")
    rows = [
        (
            *(str(one["number"]), one["id"], one["tenantId"], one["queue"], one["type"], one["reason"], one["detail"], one["attempts"]),
            *(_age(one["ageSeconds"]), one["sizeBytes"]),
        )
        for one in shown
    ]
    if rows:
        print(table(head, rows), end="\n\n")
    print(_number_of(left) + (f", and {len(shown)} of them shown: --most" if len(shown) < len(left) else ""))
    return 0


async def _replay(picked: Sequence[Parked], options: argparse.Namespace, ports: Ports) -> int:
    sent = {(parked.place, parked.number): parked.replay() for parked in picked}  # all of them, before the first is sent
    if options.dry_run:
        return _said(
            options, [{"id": parked.id, "queue": parked.queue, "wouldBe": sent[parked.place, parked.number].id} for parked in picked]
        )

    async def act(peeked: Peeked) -> None:
        await ports.transport.send(sent[peeked.place, peeked.number])

    gone = await _taken(picked, act, ports)
    return _said(
        options,
        [{"id": parked.id, "queue": parked.queue, "sentAs": sent[parked.place, parked.number].id} for parked in gone],
        of=len(picked),
    )


async def _drop(picked: Sequence[Parked], options: argparse.Namespace, ports: Ports) -> int:
    if options.dry_run:
        return _said(options, [{"id": parked.id, "queue": parked.queue} for parked in picked])
    if not options.yes:
        raise Refused(f"{_number_of(picked)} would be gone for good: say --yes, or --dry-run to see which")

    async def act(_peeked: Peeked) -> None:
        """To be taken is all."""

    gone = await _taken(picked, act, ports)
    return _said(options, [{"id": parked.id, "queue": parked.queue} for parked in gone], of=len(picked))


async def _taken(picked: Sequence[Parked], act: Any, ports: Ports) -> list[Parked]:
    gone: list[Parked] = []
    for place in dict.fromkeys(parked.place for parked in picked):
        here = {parked.number: parked for parked in picked if parked.place == place}
        gone += [here[number] for number in await ports.parking.take(place, sorted(here), act)]
    return gone


def _said(options: argparse.Namespace, rows: Sequence[dict[str, Any]], *, of: int | None = None) -> int:
    """What was done, and 1 where something was not."""
    is_all = of is None or len(rows) == of
    if options.json:
        show_json(rows)
    else:
        if rows:
            print(table(tuple(rows[0]), [tuple(row.values()) for row in rows]), end="\n\n")
        what = {"replay": "replayed", "drop": "dropped"}[options.verb]
        lines = f"{len(rows):,} would be {what}" if of is None else f"{len(rows):,} of {of:,} {what}"
        print(lines + ("" if is_all else "; the others are parked still: somebody else holds them, or they were not handed out in time"))
    return 0 if is_all else 1


def _number_of(found: Sequence[Parked]) -> str:
    return "1 message" if len(found) == 1 else f"{len(found):,} messages"


def _body(parked: Parked) -> dict[str, Any]:
    try:
        return {"body": parked.body.decode()}
    except UnicodeDecodeError:
        return {"body": parked.body.hex(), "bodyIsHex": True}


def _age(seconds: int) -> str:
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    return f"{days} d" if days else f"{hours} h" if hours else f"{minutes} min" if minutes else f"{seconds} s"
