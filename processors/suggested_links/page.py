"""Which suggestions are asked for, and where a page of them begins."""

import base64
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contracts.canonical import digest
from shared.errors import BadRequest
from shared.linking.suggestion import Place, SuggestionFilter, SuggestionStatus

DEFAULT_LIMIT: Final = 50
MOST: Final = 100
LONGEST_CURSOR: Final = 1_000
"""A longer one is cut, and then cannot be read."""
LONGEST_ID: Final = 512
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


class _Cursor(BaseModel):
    """What a cursor holds: the last one that was looked at, and a hash of what was asked."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    confidence: float = Field(alias="c", ge=0, le=1)
    id: str = Field(alias="i", min_length=1, max_length=LONGEST_ID)
    wanted: str = Field(alias="w")


@dataclass(frozen=True)
class Page:
    """One page."""

    wanted: SuggestionFilter
    limit: int = DEFAULT_LIMIT
    after: Place | None = None

    @classmethod
    def read(cls, parameters: Mapping[str, str], tenant_id: str) -> "Page":
        """From the parameters of a call; others than those it knows are nobody's business here.

        Raises:
            BadRequest: for what makes no sense, or a cursor of another question.
        """
        wanted = filter_of(
            status=parameters.get("status") or "pending",
            shard_type_id=parameters.get("type") or None,
            relationship_type=parameters.get("relationship") or None,
            source_shard_id=parameters.get("shard") or None,
            min_confidence=_number(parameters, "minConfidence", 0.0),
            max_confidence=_number(parameters, "maxConfidence", 1.0),
        )
        cursor = parameters.get("cursor")
        return cls(wanted, _limit(parameters.get("limit")), _place(cursor, wanted, tenant_id) if cursor else None)

    def cursor(self, last: Place, tenant_id: str) -> str:
        """Where the page after this one begins."""
        said = {"c": last.confidence, "i": last.id, "w": _hash(self.wanted, tenant_id)}
        return base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).rstrip(b"=").decode()


def filter_of(
    *,
    status: str = "pending",
    shard_type_id: str | None,
    relationship_type: str | None,
    source_shard_id: str | None,
    min_confidence: float,
    max_confidence: float,
) -> SuggestionFilter:
    """Which ones are meant.

    Raises:
        BadRequest: naming what is not right.
    """
    known = next((one for one in get_args(SuggestionStatus) if one == status), None)
    if known is None:
        raise BadRequest(f"status is one of {', '.join(get_args(SuggestionStatus))}")
    for name, value in (("type", shard_type_id), ("relationship", relationship_type)):
        if value is not None and not _NAME.fullmatch(value):
            raise BadRequest(f"{name} is no name: lower-case letters, digits and underscores")
    if source_shard_id is not None and not 1 <= len(source_shard_id) <= LONGEST_ID:
        raise BadRequest("shard is no id")
    if not (0 <= min_confidence <= 1 and 0 <= max_confidence <= 1):
        raise BadRequest("minConfidence and maxConfidence are from 0 to 1")
    if min_confidence > max_confidence:
        raise BadRequest("minConfidence is above maxConfidence")
    return SuggestionFilter(known, source_shard_id, shard_type_id, relationship_type, min_confidence, max_confidence)


def _number(parameters: Mapping[str, str], name: str, otherwise: float) -> float:
    text = parameters.get(name)
    try:
        number = float(text) if text else otherwise
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadRequest(f"{name} is not a number")
    return number


def _limit(text: str | None) -> int:
    try:
        limit = int(text) if text else DEFAULT_LIMIT
    except ValueError:
        raise BadRequest("limit is not a whole number") from None
    if not 1 <= limit <= MOST:
        raise BadRequest(f"limit is from 1 to {MOST}")
    return limit


def _place(cursor: str, wanted: SuggestionFilter, tenant_id: str) -> Place:
    try:
        padded = cursor[: LONGEST_CURSOR + 1] + "=" * (-len(cursor) % 4)
        read = _Cursor.model_validate_json(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, ValidationError, RecursionError):
        raise BadRequest("the cursor cannot be read: begin again without one") from None
    if read.wanted != _hash(wanted, tenant_id):
        raise BadRequest("the cursor is of another question: ask with the same filter, or begin again without one")
    return Place(read.confidence, read.id)


def _hash(wanted: SuggestionFilter, tenant_id: str) -> str:
    said = (wanted.status, wanted.source_shard_id, wanted.shard_type_id, wanted.relationship_type)
    return digest(tenant_id, *said, wanted.min_confidence, wanted.max_confidence)
