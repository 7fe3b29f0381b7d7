"""A template with its parameters → the resources that would be deployed.

``expanded(Path("infra/prod.bicepparam"))``. Files are read through ``Source``, so that a test can change one in memory.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tree_sitter import Node

from devtools.bicep.declared import Named, names_of, parameter
from devtools.bicep.expressions import Evaluator
from devtools.bicep.functions import functions_of
from devtools.bicep.parsing import File, children, parsed, text_of, words
from devtools.bicep.refusal import Refused
from devtools.bicep.values import Expansion, Module, Place, Resource, is_runtime, settled

ROOT: Final = Path(__file__).parents[2]
UNDER_WAY: Final = object()
NAME_OF_A_DEPLOYMENT: Final = 64
"""Characters ("Naming rules and restrictions for Azure resources", Microsoft.Resources deployments): a module is a deployment."""
ABOUT: Final = ("name", "parent", "scope", "dependsOn")

Source = Callable[[PurePosixPath], str]
"""The text of a file, by its path below the root."""


def from_disk(path: PurePosixPath) -> str:
    """The files of this repository."""
    return (ROOT / path).read_text()


def expanded(
    parameters: PurePosixPath, *, source: Source = from_disk, place: Place | None = None, instead: Mapping[str, Any] | None = None
) -> Expansion:
    """What a ``.bicepparam`` file and the template it uses come to. ``instead``: parameters of the command line, which count more.

    Raises:
        Refused: something is wrong, the compiler would warn of it, or it is not known here.
    """
    place = place or Place()
    file = parsed(parameters, source(parameters))
    named = names_of(file)
    [using] = [declaration.node for declaration in file.declarations if declaration.node.type == "using_statement"]
    given = Template(file, named, {}, source, place)
    template = parameters.parent / str(Evaluator(given).value(children(using)[0]))
    values = {name: given.named(name, each.declaration.node) for name, each in named.items()} | dict(instead or {})
    module = deployed(template, values, source=source, place=place, where=str(parameters))
    ids = [resource.id for resource in module.resources]
    for name in ids:
        if ids.count(name) > 1:
            raise Refused(str(template), f"{name} is deployed twice")
    return Expansion(values, module.resources, module.outputs)


def deployed(path: PurePosixPath, values: Mapping[str, Any], *, source: Source, place: Place, where: str) -> Module:
    """What a template comes to with parameters. ``where``: who gives them."""
    file = parsed(path, source(path))
    template = Template(file, names_of(file), values, source, place)
    known = {name for name, each in template.names.items() if each.kind == "param"}
    for name in values:
        if name not in known:
            raise Refused(where, f"{path} has no parameter {name}")
    return template.module()


class Template:
    """One file that is being deployed. Names are evaluated when they are first asked for."""

    def __init__(self, file: File, names: Mapping[str, Named], given: Mapping[str, Any], source: Source, place: Place) -> None:
        self.file = file
        self.names = names
        self._given = given
        self._source = source
        self._place = place
        self._values: dict[str, Any] = {}
        self._functions: dict[str, Callable[..., Any]] = functions_of(place) | {
            "loadJsonContent": self._load_json,
            "loadTextContent": self._load_text,
        }
        self._resources: list[Resource] = []

    def named(self, name: str, node: Node) -> Any:
        """The value of a name."""
        if name not in self.names:
            raise Refused(self.file.where(node), f"{name} is declared nowhere")
        if name not in self._values:
            self._values[name] = UNDER_WAY
            self._values[name] = self._made(self.names[name])
        if self._values[name] is UNDER_WAY:
            raise Refused(self.file.where(node), f"{name} depends on itself")
        if self._values[name] is None and self.names[name].kind in ("resource", "module"):
            raise Refused(self.file.where(node), f"{name} is read, and is not deployed")
        return self._values[name]

    def function(self, name: str, node: Node) -> Callable[..., Any]:
        """The function of a name."""
        if name not in self._functions:
            raise Refused(self.file.where(node), f"the function {name} is not known here")
        return self._functions[name]

    def module(self) -> Module:
        """All of it, as a module."""
        for name, named in self.names.items():
            if name not in self._values:
                self._values[name] = UNDER_WAY
                self._values[name] = self._made(named)
        outputs = {
            text_of(children(each.node)[0]): Evaluator(self).value(children(each.node)[-1])
            for each in self.file.declarations
            if each.node.type == "output_declaration"
        }
        return Module(outputs, tuple(self._resources))

    def _made(self, named: Named) -> Any:
        evaluator = Evaluator(self)
        match named.kind:
            case "param":
                return self._parameter(named, evaluator)
            case "var":
                return evaluator.value(named.parts[-1])
            case "resource":
                return self._each(named, evaluator, self._resource)
            case _:
                return self._each(named, evaluator, self._module)

    def _parameter(self, named: Named, evaluator: Evaluator) -> Any:
        declared = parameter(named)
        where = self.file.where(named.declaration.node)
        if named.name not in self._given and declared.default is None:
            raise Refused(where, f"the parameter {named.name} is not given")
        value = self._given[named.name] if named.name in self._given else evaluator.value(declared.default or named.declaration.node)
        declared.check(value, where=where, evaluated=evaluator.value)
        return settled(value)

    def _each(self, named: Named, evaluator: Evaluator, make: Callable[[Named, Evaluator, Node], Any]) -> Any:
        """One, or a list where there is a loop; None where a condition is not met."""
        body = named.parts[-1]
        if body.type == "for_statement":
            return [self._one(named, inner, each, make) for inner, each in evaluator.each(body)]
        return self._one(named, evaluator, body, make)

    def _one(self, named: Named, evaluator: Evaluator, body: Node, make: Callable[[Named, Evaluator, Node], Any]) -> Any:
        if body.type == "if_statement":
            condition, body = children(body)
            if is_runtime(evaluator.value(condition)) or not evaluator.is_met(condition):
                return None
        return make(named, evaluator, body)

    def _resource(self, named: Named, evaluator: Evaluator, body: Node) -> Resource:
        where = self.file.where(body)
        kind, _, version = str(evaluator.value(named.parts[0])).partition("@")
        said = dict(evaluator.entries(body))
        about = {name: evaluator.value(said[name]) for name in ABOUT if name in said}
        name, parent, scope = about.get("name"), about.get("parent"), about.get("scope")
        if not isinstance(name, str) or is_runtime(name):
            raise Refused(where, f"{named.name} has no name that is known beforehand")
        if parent is not None and (not isinstance(parent, Resource) or kind.rpartition("/")[0] != parent.type):
            raise Refused(where, f"{named.name} is no child of its parent")
        if kind.count("/") > 1 and parent is None:
            raise Refused(where, f"{named.name} has no parent")
        full = f"{parent.name}/{name}" if parent else name
        under = scope.id if isinstance(scope, Resource) else ""
        resource = Resource(
            kind,
            version,
            full,
            _id(under or self._place.resource_group_id, kind, full),
            {},
            under,
            str(self.file.path),
            "existing" in words(named.declaration.node),
        )
        if resource.is_existing:
            return resource
        rest = {key: evaluator.value(value) for key, value in said.items() if key not in ABOUT}
        resource = Resource(**{**vars(resource), "body": rest})
        self._resources.append(resource)
        return resource

    def _module(self, named: Named, evaluator: Evaluator, body: Node) -> Module:
        path = self.file.path.parent / str(evaluator.value(named.parts[0]))
        said = {name: evaluator.value(value) for name, value in evaluator.entries(body)}
        if set(said) - {"name", "params"} or is_runtime(said.get("name")):
            raise Refused(self.file.where(body), f"the module {named.name} says something that is not known here")
        if not 1 <= len(said.get("name", "")) <= NAME_OF_A_DEPLOYMENT:
            raise Refused(self.file.where(body), f"the module {named.name} has no name of at most {NAME_OF_A_DEPLOYMENT} characters")
        module = deployed(path, said.get("params", {}), source=self._source, place=self._place, where=self.file.where(body))
        self._resources.extend(module.resources)
        return module

    def _load_text(self, path: str) -> str:
        return self._source(self._below(path))

    def _load_json(self, path: str) -> Any:
        return json.loads(self._source(self._below(path)))

    def _below(self, path: str) -> PurePosixPath:
        folder = self.file.path.parent
        while path.startswith("../"):
            folder, path = folder.parent, path[3:]
        return folder / path


def _id(under: str, kind: str, name: str) -> str:
    provider, *kinds = kind.split("/")
    return f"{under}/providers/{provider}/" + "/".join(f"{kind}/{name}" for kind, name in zip(kinds, name.split("/"), strict=True))
