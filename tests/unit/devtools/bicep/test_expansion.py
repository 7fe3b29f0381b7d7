"""Resources, modules, loops and conditions of Bicep → what would be deployed."""

import pytest

from devtools.bicep.refusal import Refused
from devtools.bicep.values import Place
from tests.unit.devtools.bicep.test_expressions import read

GROUP = Place().resource_group_id
BUS = """
resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: 'one'
  location: resourceGroup().location
}
"""


def test_a_child_has_its_parents_name_and_id() -> None:
    queue = "resource q 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {\n  parent: bus\n  name: 'a'\n}\n"
    expansion = read(f"{BUS}{queue}output it string = q.id\n")

    [found] = expansion.of("Microsoft.ServiceBus/namespaces/queues")
    assert found.name == "one/a"
    assert found.id == f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/one/queues/a" == expansion.outputs["it"]
    assert found.api_version == "2024-01-01"


def test_a_loop_makes_one_each_and_a_condition_leaves_some_out() -> None:
    expansion = read(
        f"{BUS}resource q 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [\n"
        "  for (name, index) in ['a', 'b', 'c']: if (name != 'b') {\n    parent: bus\n    name: '${name}${index}'\n  }\n]\n"
        "output it string = q[2].name\n"
    )

    assert [queue.name for queue in expansion.of("Microsoft.ServiceBus/namespaces/queues")] == ["one/a0", "one/c2"]
    assert expansion.outputs["it"] == "c2"


def test_what_is_granted_on_a_resource_is_below_it() -> None:
    expansion = read(f"{BUS}resource r 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{\n  name: guid(bus.id)\n  scope: bus\n}}\n")

    [role] = expansion.of("Microsoft.Authorization/roleAssignments")
    assert role.scope == expansion.of("Microsoft.ServiceBus/namespaces")[0].id
    assert role.id.startswith(f"{role.scope}/providers/Microsoft.Authorization/roleAssignments/")


def test_what_exists_is_read_and_not_deployed() -> None:
    expansion = read(
        "resource v 'Microsoft.KeyVault/vaults@2023-07-01' existing = {\n  name: 'kv'\n}\noutput it string = v.properties.vaultUri\n"
    )

    assert expansion.resources == ()
    assert expansion.outputs == {"it": "https://kv.vault.azure.net/"}


def test_a_module_gets_its_parameters_and_gives_its_outputs() -> None:
    expansion = read(
        "module m 'inner.bicep' = {\n  name: 'm'\n  params: {\n    name: 'kv'\n  }\n}\noutput it string = m.outputs.uri\n",
        **{
            "inner.bicep": "param name string\nresource v 'Microsoft.KeyVault/vaults@2023-07-01' = {\n  name: name\n}\n"
            "output uri string = v.properties.vaultUri\n"
        },
    )

    assert [(vault.name, vault.module) for vault in expansion.resources] == [("kv", "inner.bicep")]
    assert expansion.outputs["it"] == "https://kv.vault.azure.net/"


VAULT = "resource v 'Microsoft.KeyVault/vaults@2023-07-01' existing = {\n  name: 'kv'\n}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            VAULT + "resource w 'Microsoft.KeyVault/vaults@2023-07-01' = {\n  name: v.properties.vaultUri\n}\n",
            "no name that is known beforehand",
        ),
        (VAULT + "output it array = [for part in split(v.properties.vaultUri, '/'): part]\n", "only the running deployment knows"),
        (VAULT + "output it bool = empty(v.properties.vaultUri)\n", "only the running deployment knows"),
        (VAULT + "output it string = v.properties.vaultURI\n", "nobody here knows vaultURI"),
        (VAULT + "output it string = v.location\n", "nobody here knows location"),
        (VAULT, "v is read nowhere"),
        ("resource q 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {\n  name: 'a'\n}\n", "has no parent"),
        (
            VAULT + "resource q 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {\n  parent: v\n  name: 'a'\n}\n",
            "no child of its parent",
        ),
        (BUS + BUS.replace("resource bus", "resource other"), "deployed twice"),
        ("var a = b\nvar b = a\noutput it string = a\n", "depends on itself"),
        ("module m 'inner.bicep' = {\n  name: 'm'\n  params: {}\n  tags: {}\n}\n", "not known here"),
        ("func f(a string) string => a\n", "user_defined_function is not known"),
        ("resource = {", "is not Bicep"),
    ],
)
def test_what_could_not_be_deployed_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(text, **{"inner.bicep": "output it int = 1\n"})
