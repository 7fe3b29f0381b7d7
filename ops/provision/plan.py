"""What there is, what there shall be, and what is between the two."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from devtools.generate import infra
from ops.provision.kinds import BLOB_CONTAINER, CONTAINER, DATABASE, QUEUE, Kind
from ops.provision.places import Places
from ops.provision.resource_manager import Denied, Missing, ResourceManager
from ops.refusals import Refused
from shared.topology import CONTAINERS, Space, chunk_container

Action = Literal["create", "change", "same", "cannot be changed"]
TOPOLOGY_FILE: Final = "infra/topology.json"


@dataclass(frozen=True)
class Wanted:
    """One resource that shall be there."""

    kind: Kind
    name: str
    parent: str
    """The path of what it is in, down to its own kind."""
    says: Mapping[str, Any] = field(default_factory=dict)
    """What the topology says of it."""

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{self.parent}/{self.name}"


@dataclass(frozen=True)
class Step:
    """What is to be done with one of them."""

    wanted: Wanted
    action: Action
    differences: tuple[str, ...] = ()
    """What is not as it should be, by name."""
    stored: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """All of it."""

    steps: tuple[Step, ...]
    others: tuple[tuple[str, str], ...] = ()
    """Kind and name of what is there and in no topology: it is left alone."""

    @property
    def to_do(self) -> tuple[Step, ...]:
        """What has to be made or changed."""
        return tuple(step for step in self.steps if step.action in {"create", "change"})

    @property
    def fixed(self) -> tuple[Step, ...]:
        """What would have to be changed, and cannot be."""
        return tuple(step for step in self.steps if step.action == "cannot be changed")


def wanted_of(places: Places, space: Space) -> list[Wanted]:
    """Everything a deployment with this space of vectors relies on, in the order in which it can be made."""
    topology = json.loads(infra.files()[TOPOLOGY_FILE])
    names = {container.name for container in (*CONTAINERS, chunk_container(space))}
    containers = [one for one in topology["containers"] if one["name"] in names]
    return [
        *(Wanted(QUEUE, one["name"], places.queues, one) for one in topology["queues"]),
        Wanted(DATABASE, places.database, places.databases),
        *(Wanted(CONTAINER, one["name"], places.containers, one) for one in containers),
        *(Wanted(BLOB_CONTAINER, name, places.blob_containers) for name in topology["blobContainers"]),
    ]


async def planned(wanted: Sequence[Wanted], manager: ResourceManager) -> Plan:
    """Compare what is stored with what is wanted.

    Raises:
        Refused: a namespace or an account is not there, or may not be looked at.
        PipelineError: Resource Manager does not answer.
    """
    steps: list[Step] = []
    others: list[tuple[str, str]] = []
    for parent in dict.fromkeys(one.parent for one in wanted):
        here = [one for one in wanted if one.parent == parent]
        kind = here[0].kind
        database = next((step for step in steps if step.wanted.kind is DATABASE), None)
        is_below = kind is CONTAINER and database is not None and database.action == "create"
        stored = {} if is_below else await _stored(parent, kind, manager)
        steps += [_step(one, stored.get(one.name)) for one in here]
        if kind is not DATABASE:  # an account may hold other databases
            others += [(kind.name, name) for name in sorted(set(stored) - {one.name for one in here})]
    return Plan(tuple(steps), tuple(others))


async def _stored(parent: str, kind: Kind, manager: ResourceManager) -> dict[str, Mapping[str, Any]]:
    what = f"list every {kind.name}"
    try:
        return {str(one.get("name")): one async for one in manager.listed(parent, kind.api_version, what=what)}
    except Denied as error:
        raise Refused(f"{error}; the role it takes: {kind.role}") from error
    except Missing as error:
        raise Refused(f"{error}; is the name right? It was looked for at {parent.rpartition('/')[0]}") from error


def _step(wanted: Wanted, stored: Mapping[str, Any] | None) -> Step:
    if stored is None:
        return Step(wanted, "create")
    kind = wanted.kind
    should, has = kind.values(kind.body(wanted.name, wanted.says, None)), kind.values(stored)
    differences = tuple(name for name, value in should.items() if has.get(name) != value)
    if not differences:
        return Step(wanted, "same", (), stored)
    fixed = tuple(name for name in differences if name in kind.fixed)
    return Step(wanted, "cannot be changed", fixed, stored) if fixed else Step(wanted, "change", differences, stored)


async def apply(step: Step, manager: ResourceManager) -> None:
    """Make it, or change it.

    Raises:
        Refused: it may not be, or cannot be, and why.
        PipelineError: Resource Manager does not answer.
    """
    kind, wanted = step.wanted.kind, step.wanted
    method = "PUT" if step.action == "create" else kind.update
    what = f"{step.action} the {kind.name} {wanted.name}"
    try:
        body = kind.body(wanted.name, wanted.says, step.stored)
        await manager.change(method, wanted.path, kind.api_version, body, what=what)
    except Denied as error:
        raise Refused(f"{error}; the role it takes: {kind.role}") from error
