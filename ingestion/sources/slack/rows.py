"""A row of the table of events: what is done with one event type, or with one subtype of messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ingestion.sources.slack import contents
from ingestion.sources.slack.contents import Content, Inner

Stream = Literal["Channel", "User"]
STREAMS: Final[tuple[Stream, ...]] = ("Channel", "User")
READ_WITH: Final[Mapping[Stream, str]] = {"Channel": "`conversations.info`, `conversations.members`", "User": "`users.info`"}

Expectation = Callable[[Inner], str | None]


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is done with an event. One of no stream that loses nothing is ignored."""

    name: str
    """The type, or ``message.<subtype>``."""
    why: str
    stream: Stream | None = None
    """What its record is. None: it is of none."""
    content: Content | None = None
    """What it carries of a channel. Of a user it is always the whole object."""
    speaks_for: tuple[str, ...] = ()
    """The fields that ``content`` may hold; a part in angle brackets stands for what the event says there."""
    event_type: Literal["create", "update", "delete"] = "update"
    is_read: bool = False
    """The record is asked for, whatever is carried."""
    expects: Expectation | None = None
    """What the read must show."""
    may_be_read_instead: bool = True
    """Heard of too often in a window, the record is read at its end, and what is carried is not told any more."""
    is_carried_only_without_token: bool = False
    loses: tuple[Stream, ...] = ()
    """Streams in which something may have happened that nobody told us of."""
    ends: bool = False
    """Nothing can be read any more."""

    @property
    def is_ignored(self) -> bool:
        """On purpose."""
        return self.stream is None and not self.loses

    @property
    def carries(self) -> bool:
        """Whether the event itself says anything that is told."""
        return self.content is not None or self.event_type == "delete" or self.stream == "User"

    def record(self, event: Inner) -> str:
        """The id of its record. Raises: Unexpected."""
        if self.stream == "User":
            return contents.person_id(event)
        return contents.new_id(event) if "new_channel_id" in event else contents.channel_id(event)

    def written(self) -> tuple[str, str, str, str, str]:
        """For people: event, treatment, what it speaks for, how the record is read, why."""
        return f"`{self.name}`", self._treatment, self._spoken, self._read, self.why

    @property
    def _treatment(self) -> str:
        carries = "carry" if self.carries and not self.is_carried_only_without_token else ""
        words = [carries, "read" if self.is_read else "", "gap" if self.loses else "", "pause" if self.ends else ""]
        return " and ".join(filter(None, words)) or "ignore"

    @property
    def _spoken(self) -> str:
        if self.event_type == "delete":
            return "that it is gone"
        if self.stream == "User":
            return "the person, as above"
        said = ", ".join(f"`{field}`" for field in ("id", *self.speaks_for)) if self.content is not None else ""
        return f"without a token: {said}" if self.is_carried_only_without_token else said

    @property
    def _read(self) -> str:
        if self.stream is None or not (self.is_read or self.may_be_read_instead):
            return ""
        return f"{READ_WITH[self.stream]}: {'at once, then at the end of the window' if self.is_read else 'only in a burst'}"


def expected(field: str, content: Content) -> Expectation:
    """That the read shows the flag that the event carries, such as ``is_private:true``."""

    def said(event: Inner) -> str | None:
        value = content(event).get(field)
        return f"{field}:{str(value).lower()}" if isinstance(value, bool) else None

    return said
