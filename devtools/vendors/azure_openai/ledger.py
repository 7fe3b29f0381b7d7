"""What was asked: the service's memory, which tests hold the client's against."""

from dataclasses import dataclass
from typing import Literal

from devtools.faults.plan import Fault


@dataclass(slots=True)
class Asked:
    """One request of the embeddings operation, whatever became of it."""

    deployment: str
    api_version: str
    authorized_by: Literal["key", "token", "nothing"]
    texts: tuple[str, ...] = ()
    dimensions: int | None = None
    encoding_format: str = "float"
    fault: Fault | None = None
    status: int | None = None
    """None: there was no answer."""


class Ledger:
    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def statuses(self) -> list[int | None]:
        """Of every request, in their order."""
        return [asked.status for asked in self.asked]

    def texts(self) -> list[str]:
        """Every text that a vector was answered for, as often as one was."""
        return [text for asked in self.asked if asked.status == 200 for text in asked.texts]
