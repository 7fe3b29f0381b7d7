"""``scripts/teardown`` tells Shardline's resources from others by their tag: every resource a group would list has it."""

import pytest

from ops.deployment.tearing_down import OURS
from tests.contract.infra_promises import template

WITHOUT_TAGS = {"Microsoft.Authorization/roleAssignments", "Microsoft.Insights/diagnosticSettings"}
"""Extensions of other resources, which a group's list leaves out."""


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_resource_of_the_group_has_the_tag(environment: str) -> None:
    found = [one for one in template(environment).resources if one.type.count("/") == 1 and one.type not in WITHOUT_TAGS]

    assert len(found) > 10
    assert [one.name for one in found if one.body.get("tags", {}).get(OURS[0]) != OURS[1]] == []
