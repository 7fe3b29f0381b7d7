"""The migrations there are, in the order they are made: the one list."""

from typing import Final

from ops.migrations.announced import LinksLookedAt, VectorsMade
from ops.migrations.conversions import ConversionsNamed
from ops.migrations.definitions import TypesFollow
from ops.migrations.migration import Migration
from ops.migrations.schemas import SchemasRise

MIGRATIONS: Final[tuple[Migration, ...]] = (TypesFollow(), SchemasRise(), LinksLookedAt(), VectorsMade(), ConversionsNamed())
