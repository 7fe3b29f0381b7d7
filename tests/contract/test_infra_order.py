"""What comes before what, which only the text of the templates says: rights before apps, and one at a time where Azure wants that."""

from collections.abc import Mapping
from pathlib import PurePosixPath

import pytest
from tree_sitter import Node

from devtools.bicep.declared import Named, names_of
from devtools.bicep.expansion import from_disk
from devtools.bicep.parsing import names_in, parsed, text_of

MAIN = PurePosixPath("infra/main.bicep")
APPS = ("lightApp", "heavyApp")
GIVES = "'Microsoft.Authorization/roleAssignments", "'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"


def declared(path: PurePosixPath) -> Mapping[str, Named]:
    return names_of(parsed(path, from_disk(path)))


def needs(name: str, names: Mapping[str, Named]) -> set[str]:
    """What has to be there before: every module and resource that it reads, however far away."""
    found: set[str] = set()
    waiting: list[Node] = [*names[name].parts]
    while waiting:
        for read in set(names_in(waiting.pop())) & names.keys() - found:
            found.add(read)
            waiting += names[read].parts
    return {each for each in found if names[each].kind in ("module", "resource")}


@pytest.mark.parametrize("app", APPS)
def test_every_right_is_given_before_the_apps_are_made(app: str) -> None:
    """A module is done when all in it is. An address that is put together here instead of asked for would let the app begin before."""
    names = declared(MAIN)
    modules = {name: MAIN.parent / text_of(each.parts[0]).strip("'") for name, each in names.items() if each.kind == "module"}
    giving = {name for name, path in modules.items() if any(kind in from_disk(path) for kind in GIVES)}

    assert giving == {"telemetry", "serviceBus", "cosmos", "storage", "hostStorage", "vault", "openAi"}
    assert giving <= needs(app, names)


@pytest.mark.parametrize(("module", "resource"), [("servicebus", "queues"), ("cosmos", "containers"), ("functionapp", "publishing")])
def test_what_azure_takes_one_at_a_time_comes_one_at_a_time(module: str, resource: str) -> None:
    named = declared(PurePosixPath(f"infra/modules/{module}.bicep"))[resource]

    assert [text_of(decorator) for decorator in named.declaration.decorators] == ["batchSize(1)"]


def test_rights_on_the_database_wait_for_its_containers_and_for_each_other() -> None:
    names = declared(PurePosixPath("infra/modules/cosmos.bicep"))

    assert "containers" in needs("appReadsAndWrites", names)
    assert "appReadsAndWrites" in needs("operatorReadsAndWrites", names)


def test_a_site_is_changed_in_one_way_at_a_time() -> None:
    assert "appSettings" in needs("publishing", declared(PurePosixPath("infra/modules/functionapp.bicep")))


def test_the_walk_finds_what_is_read_and_nothing_else() -> None:
    assert needs("queues", declared(PurePosixPath("infra/modules/servicebus.bicep"))) == {"bus"}
