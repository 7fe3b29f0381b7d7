"""What expressions become: plain JSON values, values that only a running deployment knows, resources and modules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Runtime(str):
    """A text that is known only once something is deployed. It may be a property's value, and nothing that decides what is deployed."""

    __slots__ = ()


def is_runtime(value: object) -> bool:
    """Whether any part of it is."""
    if isinstance(value, Mapping):
        return any(is_runtime(part) for part in value.values())
    if isinstance(value, list):
        return any(is_runtime(part) for part in value)
    return isinstance(value, Runtime)


def settled(value: Any) -> Any:
    """The same without the mark: what a module is given is known when the module begins."""
    if isinstance(value, Mapping):
        return {name: settled(part) for name, part in value.items()}
    if isinstance(value, list):
        return [settled(part) for part in value]
    return str(value) if isinstance(value, Runtime) else value


@dataclass(frozen=True)
class Place:
    """Where a template is deployed to."""

    subscription: str = "00000000-0000-0000-0000-00000000000a"
    tenant: str = "00000000-0000-0000-0000-00000000000b"
    resource_group: str = "rg-shardline"
    location: str = "westeurope"

    @property
    def resource_group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"


@dataclass(frozen=True)
class Resource:
    """One resource as it would be deployed."""

    type: str
    """``Microsoft.ServiceBus/namespaces/queues``."""
    api_version: str
    name: str
    """With those of its parents: ``bus/ingestion-events``."""
    id: str
    body: Mapping[str, Any]
    """Everything but name, parent, scope and what it depends on."""
    scope: str = ""
    """The id of what it is an extension of; empty for the resource group."""
    module: str = ""
    """The file it is declared in."""
    is_existing: bool = False

    @property
    def properties(self) -> Any:
        return self.body.get("properties", {})


@dataclass(frozen=True)
class Module:
    """One module as it would be deployed."""

    outputs: Mapping[str, Any]
    resources: tuple[Resource, ...]


@dataclass(frozen=True)
class Expansion:
    """What a template and a parameter file come to."""

    parameters: Mapping[str, Any]
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def of(self, resource_type: str) -> list[Resource]:
        """The resources of one type, in the template's order."""
        return [resource for resource in self.resources if resource.type == resource_type]
