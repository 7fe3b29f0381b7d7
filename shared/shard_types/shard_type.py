"""What a shard type is: an id, a schema with a version, and the check of structured data against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from shared.errors import UnmappableRecord
from shared.shard_types.text_template import TextTemplate


class StructuredData(BaseModel):
    """The canonical fields of a type. Unknown fields are other writers' and stay."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="allow", strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class ShardType:
    """One type of shard."""

    id: str
    name: str
    description: str
    schema_version: int
    data: type[StructuredData]
    text: TextTemplate | None = None
    """What search finds it by; None for a type nobody looks for."""

    def check(self, structured_data: Mapping[str, Any]) -> None:
        """Compare structured data with the schema.

        Raises:
            UnmappableRecord: naming the fields that are missing or of the wrong type, and not their values.
        """
        try:
            self.data.model_validate(dict(structured_data))
        except ValidationError as error:
            faults = [_fault(fault) for fault in error.errors(include_input=False, include_url=False)]
            raise UnmappableRecord(f"{self.id}: {'; '.join(faults)}") from None

    def document(self) -> dict[str, Any]:
        """The stored form, an item of the ``shard-types`` container."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "schemaVersion": self.schema_version,
            "isSystem": True,
            "schema": self.data.model_json_schema(by_alias=True),
        }


def _fault(fault: Mapping[str, Any]) -> str:
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":
        return f"required field {name} is missing"
    return f"{name}: {fault['type']}"
