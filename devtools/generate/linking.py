"""The rows of the linking policy's tables: everything a tenant may set, and what it is at first."""

from devtools.generate.contents import Row
from ops.linking import AS_IT_IS
from shared.linking.policy import ALWAYS, CEILINGS, WEIGHTS, LinkingPolicy

_TABLES_OF_THEIR_OWN = {"weights", "ceilings", "switched_off"}


def values() -> list[Row]:
    policy = LinkingPolicy()
    options = {field: f"`--{option.replace('_', '-')}`" for option, field in AS_IT_IS.items()}
    options["own_domains"] = "`--own-domain`, `--no-own-domain`"
    names = [field for field in LinkingPolicy.model_fields if field not in _TABLES_OF_THEIR_OWN]
    return [(f"`{LinkingPolicy.model_fields[field].alias}`", options[field], _said(getattr(policy, field))) for field in names]


def weights() -> list[Row]:
    return [(f"`{feature}`", str(weight), "" if feature in ALWAYS else "yes") for feature, weight in WEIGHTS.items()]


def ceilings() -> list[Row]:
    return [(f"from `{source}`", str(ceiling)) for source, ceiling in CEILINGS.items()]


def _said(value: object) -> str:
    return {True: "yes", False: "no", (): "none"}.get(value, f"`{value}`") if isinstance(value, bool | tuple) else f"`{value}`"
