"""``linking show``, ``set`` and ``reset``: a tenant's policy, as operators see and change it."""

from collections import Counter

import pytest
from typing_extensions import override

from devtools.fakes.linking import InMemoryLinkingPolicies
from devtools.fakes.samples import sample_shard
from ops.anchors import AnchorCount
from ops.linking import rows_of
from ops.options import parsed
from processors.enrichment.anchors.index import MOST_ANCHORS
from shared.errors import ConfigurationError, Conflict
from shared.linking.policy import LinkingPolicy, StoredPolicy
from tests.unit.ops.deployment import Deployment

EVERYTHING = (
    *("--link-from", ".85", "--suggest-from", ".5", "--margin", ".1", "--weight", "exact-name=.9", "--weight", "phone=.6"),
    *("--ceiling", "messaging=.4", "--off", "phone", "--off", "team", "--own-domain", "@Acme.com", "--country", "DE"),
    *("--max-suggestions", "3", "--no-automatic", "--no-suggestions"),
)


async def test_a_tenant_that_has_set_nothing_is_shown_the_first_values() -> None:
    said = await Deployment().run("linking", "show", "--tenant", "acme", "--json")
    table = await Deployment().run("linking", "show", "--tenant", "acme")

    assert (said.document["isStored"], said.document["differs"]) == (False, [])
    assert said.document["policy"]["linkFrom"] == 0.8
    assert said.document["version"] == LinkingPolicy().version
    assert "acme: the first values" in table.out
    assert "differs" not in table.out


async def test_everything_there_is_to_set_is_set_and_stored() -> None:
    deployment = Deployment()

    said = await deployment.run("linking", "set", "--tenant", "acme", *EVERYTHING)

    stored = await deployment.policies.read("acme")
    assert stored is not None
    assert (stored.updated_by, stored.updated_at) == ("operator", deployment.clock())
    policy = stored.policy
    assert (policy.link_from, policy.suggest_from, policy.margin) == (0.85, 0.5, 0.1)
    assert (policy.weights["exact-name"], policy.weights["phone"], policy.weights["email"]) == (0.9, 0.6, 0.98)
    assert (policy.ceilings["messaging"], policy.ceilings["crm"]) == (0.4, 0.9)
    assert policy.switched_off == {"phone", "team"}
    assert (policy.own_domains, policy.default_country, policy.max_suggestions) == (("acme.com",), "DE", 3)
    assert (policy.links_automatically, policy.suggests) == (False, False)
    assert said.code == 0
    assert "python -m ops linking relink --tenant acme" in said.out, "links that are there do not change by themselves"


async def test_what_was_set_is_marked_as_different_and_what_was_not_is_as_before() -> None:
    deployment = Deployment()
    await deployment.run("linking", "set", "--tenant", "acme", "--link-from", "0.9", "--off", "phone")
    await deployment.run("linking", "set", "--tenant", "acme", "--margin", "0.1")

    said = await deployment.run("linking", "show", "--tenant", "acme", "--json")
    table = await deployment.run("linking", "show", "--tenant", "acme")

    assert said.document["differs"] == ["link from", "margin", "phone is looked for"]
    assert said.document["updatedBy"] == "operator"
    assert "differs: 0.8 at first" in table.out
    assert "differs: yes at first" in table.out


async def test_before_and_after_are_shown_of_what_changes_alone() -> None:
    said = await Deployment().run("linking", "set", "--tenant", "acme", "--weight", "exact-name=.9")

    [row] = [line for line in said.out.splitlines() if line.startswith("weight")]
    assert row.split() == ["weight", "exact-name", "0.92", "0.9"]


async def test_what_was_switched_off_can_be_switched_on_and_a_domain_be_given_up() -> None:
    deployment = Deployment()
    await deployment.run("linking", "set", "--tenant", "acme", *EVERYTHING)

    await deployment.run(
        "linking", "set", "--tenant", "acme", "--on", "team", "--no-own-domain", "acme.com", "--automatic", "--suggestions"
    )

    stored = await deployment.policies.read("acme")
    assert stored is not None
    assert stored.policy.switched_off == {"phone"}
    assert stored.policy.own_domains == ()
    assert (stored.policy.links_automatically, stored.policy.suggests) == (True, True)


async def test_what_would_be_no_policy_is_refused_and_nothing_is_stored() -> None:
    deployment = Deployment()

    order = await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".5")
    country = await deployment.run("linking", "set", "--tenant", "acme", "--country", "Germany")

    assert (order.code, "suggestFrom is above linkFrom" in order.errors) == (2, True)
    assert (country.code, "default" in country.errors.lower()) == (2, True)
    assert deployment.policies.documents == {}


@pytest.mark.parametrize(
    "words",
    [
        ["set", "--tenant", "acme"],
        ["set", "--link-from", ".9"],
        ["set", "--tenant", "acme", "--link-from", "1.1"],
        ["set", "--tenant", "acme", "--weight", "guess=.5"],
        ["set", "--tenant", "acme", "--weight", "exact-name"],
        ["set", "--tenant", "acme", "--ceiling", "llm=high"],
        ["set", "--tenant", "acme", "--off", "vendor-id"],
        ["set", "--tenant", "acme", "--off", "person"],
        ["show"],
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2_and_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(["linking", *words])

    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


async def test_a_dry_run_shows_what_would_be_and_stores_nothing() -> None:
    deployment = Deployment()

    said = await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".9", "--dry-run")
    document = (await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".9", "--dry-run", "--json")).document

    assert said.out.endswith("would be set\n")
    assert (document["before"]["linkFrom"], document["after"]["linkFrom"], document["isStored"]) == (0.8, 0.9, False)
    assert deployment.policies.documents == {}


class Busy(InMemoryLinkingPolicies):
    """Somebody else sets the margin just before we write, so many times."""

    def __init__(self, others: int) -> None:
        super().__init__()
        self.others = others

    @override
    async def write(self, stored: StoredPolicy) -> StoredPolicy:
        if self.others:
            self.others -= 1
            theirs = stored.model_copy(update={"policy": LinkingPolicy(margin=0.2)})
            self.put(stored.tenant_id, theirs.model_dump(mode="json", by_alias=True))
            raise Conflict("the linking policy was written since")
        return await super().write(stored)


async def test_two_operators_at_once_lose_nothing_of_each_other() -> None:
    deployment = Deployment()
    busy = Busy(1)
    object.__setattr__(deployment.ports, "policies", busy)

    await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".9")

    stored = await busy.read("acme")
    assert stored is not None
    assert (stored.policy.link_from, stored.policy.margin) == (0.9, 0.2)


async def test_one_who_is_never_let_in_is_told_so() -> None:
    deployment = Deployment()
    object.__setattr__(deployment.ports, "policies", Busy(99))

    with pytest.raises(Conflict):
        await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".9")


async def test_nothing_is_reset_without_yes() -> None:
    deployment = Deployment()
    await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".9")

    refused = await deployment.run("linking", "reset", "--tenant", "acme")
    dry = await deployment.run("linking", "reset", "--tenant", "acme", "--dry-run", "--json")

    assert (refused.code, "say --yes" in refused.errors) == (1, True)
    assert dry.document == {"tenantId": "acme", "isRemoved": False, "wouldChange": ["link from"]}
    assert "acme" in deployment.policies.documents


async def test_with_yes_the_first_values_hold_again() -> None:
    deployment = Deployment()
    await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".9")

    said = await deployment.run("linking", "reset", "--tenant", "acme", "--yes")
    again = await deployment.run("linking", "reset", "--tenant", "acme", "--yes", "--json")

    assert said.out.startswith("the first values again")
    assert again.document == {"tenantId": "acme", "isRemoved": False}
    assert (await deployment.run("linking", "show", "--tenant", "acme", "--json")).document["isStored"] is False


async def test_what_is_stored_and_no_policy_is_said_to_be_none_and_can_be_reset() -> None:
    deployment = Deployment()
    deployment.policies.put("acme", {"policy": {"linkFrom": 2}, "updatedBy": "somebody", "updatedAt": "2026-11-21T12:00:00Z"})

    with pytest.raises(ConfigurationError, match="linkFrom"):
        await deployment.run("linking", "show", "--tenant", "acme")
    assert (await deployment.run("linking", "reset", "--tenant", "acme", "--yes")).code == 0
    assert (await deployment.run("linking", "show", "--tenant", "acme")).code == 0


async def test_what_there_is_to_link_to_is_counted_where_that_is_asked_for() -> None:
    deployment = Deployment()
    for number in range(3):
        await deployment.shards.create(sample_shard("acme", external_id=f"00100000000000{number}AAA"))
    await deployment.shards.create(sample_shard("globex"))

    said = await deployment.run("linking", "show", "--tenant", "acme", "--anchors", "--json")
    table = await deployment.run("linking", "show", "--tenant", "acme", "--anchors")

    assert said.document["anchors"] == {"total": 3, "leftOut": 0, "ofTypes": {"c_account": 3}}
    assert table.out.endswith("3 anchors\n")


def test_what_a_worker_does_not_hold_is_said() -> None:
    counted = AnchorCount(Counter(c_account=MOST_ANCHORS, c_contact=7))

    assert counted.plain()["leftOut"] == 7
    assert counted.rendered().endswith("100,007 anchors; a worker holds 100,000, and 7 are not recognised")


def test_everything_of_a_policy_is_shown() -> None:
    policy = LinkingPolicy()
    shown = rows_of(policy)

    single = set(LinkingPolicy.model_fields) - {"weights", "ceilings", "switched_off"}
    assert len(shown) == len(single) + 2 * len(policy.weights) + len(policy.ceilings)
