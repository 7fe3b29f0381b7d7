"""Every stand-in that obeys fault plans, and what each can do: the one list.

Nothing here runs a stand-in; it is for whoever has to know before a run whether a plan can be carried out at all. What only the stand-in
itself knows it refuses when it starts: a status without a meaning there, a full disk where nothing is kept on one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from devtools.emulators.blob import faults as blob
from devtools.emulators.cosmos import misbehaviour as cosmos
from devtools.emulators.cosmos import routes
from devtools.emulators.servicebus import mishaps as service_bus
from devtools.faults.injector import Abilities, Injector
from devtools.faults.places import Places, check_place
from devtools.faults.plan import Kind, Plan, PlanInvalid
from devtools.host import faults as host
from devtools.host.mishaps import OPERATIONS as HOST_OPERATIONS
from devtools.issuer import faults as issuer
from devtools.vendors.azure_openai import faults as azure_openai
from devtools.vendors.gdrive import faults as gdrive
from devtools.vendors.salesforce import faults as salesforce
from devtools.vendors.slack import faults as slack


@dataclass(frozen=True)
class StandIn:
    """What one can do, where, and the module that runs it."""

    abilities: Abilities
    places: Places
    module: str


def _host_places() -> Places:
    return {kind: [operation for operation, kinds in HOST_OPERATIONS.items() if kind in kinds] for kind in Kind}


STAND_INS: Final[Mapping[str, StandIn]] = {
    "azure-openai": StandIn(azure_openai.ABILITIES, azure_openai.PLACES, "devtools.vendors.azure_openai"),
    "blob": StandIn(blob.ABILITIES, blob.PLACES, "devtools.emulators.blob"),
    "cosmos": StandIn(cosmos.ABILITIES, dict.fromkeys(cosmos.ABILITIES, get_args(routes.Kind)), "devtools.emulators.cosmos"),
    "gdrive": StandIn(gdrive.ABILITIES, gdrive.PLACES, "devtools.vendors.gdrive"),
    "host": StandIn(host.ABILITIES, _host_places(), "devtools.host"),
    "issuer": StandIn(issuer.ABILITIES, issuer.PLACES, "devtools.issuer"),
    "salesforce": StandIn(salesforce.ABILITIES, salesforce.PLACES, "devtools.vendors.salesforce"),
    "service-bus": StandIn(service_bus.ABILITIES, service_bus.OPERATIONS, "devtools.emulators.servicebus"),
    "slack": StandIn(slack.ABILITIES, slack.PLACES, "devtools.vendors.slack"),
}
"""By the name that plans have for it."""


def check(plan: Plan) -> None:
    """Whether every fault of a plan is for a stand-in that there is, and of a kind that it can do there.

    Raises:
        PlanInvalid: saying which fault is not.
    """
    for fault in plan.faults:
        stand_in = STAND_INS.get(fault.at)
        if stand_in is None:
            raise PlanInvalid(f"{fault.summary}: there is no such stand-in, but {', '.join(STAND_INS)}")
        Injector(fault.at, stand_in.abilities, faults=[fault])
        check_place(fault, stand_in.places)
