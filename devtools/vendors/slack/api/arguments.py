"""What a request says: in its address, a form or JSON."""

import json
from typing import Any

from aiohttp import web

from devtools.vendors.slack.api.refusals import Refused


async def arguments_of(request: web.Request) -> dict[str, str]:
    """Of the address, of a form, or of JSON: all of them as text. Raises Refused: the JSON is none."""
    arguments = {name: str(value) for name, value in request.query.items()}
    if request.method != "POST":
        return arguments
    if request.content_type != "application/json":
        return arguments | {name: str(value) for name, value in (await request.post()).items()}
    text = await request.text()
    try:
        said = json.loads(text) if text else {}
    except ValueError as error:
        raise Refused("invalid_json") from error
    if not isinstance(said, dict):
        raise Refused("json_not_object")
    return arguments | {name: _text(value) for name, value in said.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def complaints_of(request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    """JSON without a charset is taken, and complained of."""
    if request.method != "POST" or request.content_type != "application/json" or request.charset is not None:
        return {}
    metadata = {**body.get("response_metadata", {}), "warnings": ["missing_charset"]}
    return {"warning": "missing_charset", "response_metadata": metadata}
