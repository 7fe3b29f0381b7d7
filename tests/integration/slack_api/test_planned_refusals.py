"""Every refusal that a fault plan can name, and what one does to events."""

import json
from collections.abc import Mapping

import pytest

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind
from devtools.vendors.slack import faults
from devtools.vendors.slack.delivering import Deliveries
from tests.integration.slack_api.worlds import World, place

REFUSALS = (
    *("invalid-auth", "account-inactive", "token-revoked", "token-expired", "not-authed", "access-denied", "missing-scope"),
    *("channel-not-found", "not-in-channel", "user-not-found", "users-not-found", "team-not-found", "team-access-not-granted"),
    *("invalid-cursor", "invalid-limit", "ratelimited", "internal-error", "fatal-error", "service-unavailable", "request-timeout"),
    *("method-not-supported-for-channel-type", "ekm-access-denied", "org-login-required", "team-added-to-org"),
)


@pytest.mark.parametrize("variant", REFUSALS)
async def test_each_refusal_that_can_be_planned_is_said_in_the_vendors_words(world: World, variant: str) -> None:
    made = world.channel()
    world.slack.faults.add(Fault(at="slack", kind=Kind.REFUSE, status=400, variant=variant, operation="conversations.info", calls=1))

    said = await world.asked("conversations.info", channel=made.id)

    assert (said["ok"], said["error"]) == (False, variant.replace("-", "_"))
    assert (await world.asked("conversations.info", channel=made.id))["ok"] is True


async def test_a_refusal_may_be_a_page_for_people(world: World) -> None:
    world.slack.faults.add(Fault(at="slack", kind=Kind.REFUSE, status=503, variant="error-page", operation="auth.test", calls=1))

    async with world.http.post(f"{world.slack.api_url}auth.test", headers={"Authorization": f"Bearer {world.bot.token}"}) as answer:
        assert (answer.status, answer.content_type) == (503, "text/html")


async def test_an_event_may_come_twice_late_or_never() -> None:
    here, heard = place(), list[tuple[str, str]]()
    made = here.channel()

    async def send(body: bytes, _headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        said = json.loads(body)
        heard.append((said["event"]["type"], said["event_id"]))
        return 200, {}

    planned = [Fault(at="slack", kind=kind, operation="event", calls=1) for kind in (Kind.DUPLICATE, Kind.DROP)]
    planned.append(Fault(at="slack", kind=Kind.DELAY, operation="event", calls=1, seconds=60))
    injector = Injector(faults.AT, faults.ABILITIES, faults=planned)
    deliveries = Deliveries(here.world, send=send, faults=injector)
    for number in range(3):
        here.world.join(made.id, here.world.add_person(here.team.id, f"P{number}", quietly=True).id)
    await deliveries.deliver_due()
    at_once = len(heard)
    here.clock.advance(seconds=61)
    await deliveries.deliver_due()
    await deliveries.close()

    assert [lost.reason for lost in deliveries.lost] == ["dropped"]
    assert len(heard) == at_once + 1
    assert len({event_id for _, event_id in heard}) == len(heard)
