"""Everything a program says in its logs: messages, extra fields, stack traces."""

import logging

from typing_extensions import override


class Said(logging.Handler):
    """Keeps every record of every logger, from DEBUG up."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "asyncio":
            self.records.append(record)

    def everything(self) -> str:
        """All of it as one text."""
        formatter = logging.Formatter()
        return "\n".join(f"{formatter.format(record)} {record.__dict__}" for record in self.records)
