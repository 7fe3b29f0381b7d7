"""How Azure Resource Manager refuses: a status, and a code with a message in the body."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web


class RefusedError(Exception):
    """It is not done."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @property
    def document(self) -> dict[str, Any]:
        """The body."""
        return {"error": {"code": self.code, "message": str(self)}}

    def answer(self) -> web.Response:
        """As it is sent."""
        return web.json_response(self.document, status=self.status, headers=self.headers)


def bad_request(message: str, code: str = "BadRequest") -> RefusedError:
    """400."""
    return RefusedError(400, code, message)


def not_found(code: str, message: str) -> RefusedError:
    """404."""
    return RefusedError(404, code, message)
