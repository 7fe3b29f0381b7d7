"""What the service refuses, and in which words: bodies shaped as the service's own, from its reference and from what people report.

Each check gives the answer of the first rule that is broken.
"""

from dataclasses import dataclass
from typing import Any, Final

from devtools.vendors.azure_openai.vectors import tokens_of

API_VERSIONS: Final = frozenset({"2023-05-15", "2024-02-01", "2024-06-01", "2024-10-21"})
"""The dated versions that are generally available (stable folder of Microsoft's API specifications)."""

MOST_TEXTS: Final = 2048
MOST_TOKENS: Final = 300_000
MOST_TOKENS_OF_A_TEXT: Final = 8192


@dataclass(frozen=True)
class Refusal(Exception):
    """An answer other than 200."""

    status: int
    body: dict[str, Any]


def unauthorized() -> Refusal:
    text = "Access denied due to an invalid subscription key or a wrong API endpoint. Give a valid key of an active subscription."
    return Refusal(401, {"error": {"code": "401", "message": text}})


def no_such_version() -> Refusal:
    return Refusal(404, {"error": {"code": "404", "message": "Resource not found"}})


def no_such_deployment() -> Refusal:
    text = "The API deployment for this resource does not exist. If it was created within the last 5 minutes, try again in a moment."
    return Refusal(404, {"error": {"code": "DeploymentNotFound", "message": text}})


def invalid(text: str, *, parameter: str | None = None) -> Refusal:
    return Refusal(400, {"error": {"message": text, "type": "invalid_request_error", "param": parameter, "code": None}})


def check_input(given: object) -> tuple[str, ...]:
    """The texts.

    Raises:
        Refusal: they are not one to 2,048 texts with something in them, or too long.
    """
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise invalid("'$.input' is invalid. Please check the API reference.", parameter="input")
    if len(texts) > MOST_TEXTS:
        raise invalid(f"Too many inputs. The max number of inputs is {MOST_TEXTS}.", parameter="input")
    tokens = [tokens_of(text) for text in texts]
    if max(tokens) > MOST_TOKENS_OF_A_TEXT:
        raise invalid(f"This model's maximum context length is {MOST_TOKENS_OF_A_TEXT} tokens, you requested {max(tokens)}.")
    if sum(tokens) > MOST_TOKENS:
        raise invalid(f"Requested {sum(tokens)} tokens, max {MOST_TOKENS} tokens per request.")
    return tuple(texts)


def check_dimensions(given: object, most: int) -> int:
    """How many to answer.

    Raises:
        Refusal: the model has not as many.
    """
    if given is None:
        return most
    if not isinstance(given, int) or not 0 < given <= most:
        raise invalid(f"Invalid value for 'dimensions' = {given}. Must be between 1 and {most}.", parameter="dimensions")
    return given


def check_encoding(given: object) -> str:
    """Raises Refusal: neither of the two there are."""
    if given not in {None, "float", "base64"}:
        raise invalid(f"'{given}' is not one of ['float', 'base64'] - 'encoding_format'", parameter="encoding_format")
    return "base64" if given == "base64" else "float"
