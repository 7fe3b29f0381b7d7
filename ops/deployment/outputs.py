"""What a deployment says of itself when it is done: the names of what it made."""

from dataclasses import dataclass, fields
from typing import Any, Self

from ops.refusals import Refused


@dataclass(frozen=True)
class Outputs:
    """The outputs of ``infra/main.bicep`` that are needed here."""

    light_app_name: str
    heavy_app_name: str
    light_host_name: str
    heavy_host_name: str
    service_bus_namespace: str
    cosmos_account: str
    cosmos_database: str
    storage_account: str
    key_vault_name: str

    @classmethod
    def of(cls, deployment: Any) -> Self:
        """Those of a deployment as the Azure CLI shows it.

        Raises:
            Refused: there is none, it did not succeed, or says too little.
        """
        if deployment is None:
            raise Refused("there is no deployment in this group yet: begin with --from create, or without --from")
        properties = deployment.get("properties", {}) if isinstance(deployment, dict) else {}
        if properties.get("provisioningState") != "Succeeded":
            raise Refused(f"the deployment has not succeeded: {properties.get('provisioningState', 'no state')}")
        said = {name: told.get("value") for name, told in (properties.get("outputs") or {}).items()}
        if absent := [camel(one.name) for one in fields(cls) if not said.get(camel(one.name))]:
            raise Refused(f"the deployment does not say {', '.join(absent)}: was it made from infra/main.bicep?")
        return cls(**{one.name: str(said[camel(one.name)]) for one in fields(cls)})

    @classmethod
    def unknown(cls) -> Self:
        """Names in the place of those that only Azure will give."""
        return cls(**{one.name: f"<{camel(one.name)}>" for one in fields(cls)})


def camel(name: str) -> str:
    """As Bicep writes it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
