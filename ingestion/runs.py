"""The rules of a run: which message may read, and how a stream's state moves. Pure, so that every order of deliveries can be tried.

A run is a chain of steps, each a message of its own. A state is written before the next step is asked for: whoever dies in between is
delivered again, finds the state one step on, and asks once more.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ingestion.sources.source import Page
from shared.contracts.sync import SyncRequested
from shared.streams.state import StreamState

LEASE: Final = timedelta(minutes=4)
"""From the last page on, whoever reads is believed to be alive. Shorter than a message's lock, so that the next delivery after a death can
take over at once."""


class Standing(Enum):
    """How a message stands to the state of its stream."""

    BEGINS = "begins a run"
    GOES_ON = "goes on with a step"
    WAS_READ = "was read; the next step may not have been asked for"
    IS_OVER = "its run is over"
    IS_OVERTAKEN = "a later run reads"
    IS_READ = "another worker reads this very step"
    MUST_WAIT = "another run reads"
    IS_PUT_OFF = "the source asks for a pause"


def standing(state: StreamState, message: SyncRequested, *, at: datetime) -> Standing:
    """What to do with a message."""
    return _in_its_run(state, message, at) if state.run == message.run else _in_another_run(state, message, at)


def _in_its_run(state: StreamState, message: SyncRequested, at: datetime) -> Standing:
    if not state.is_running:
        return Standing.IS_OVER
    if message.step < state.step:
        return Standing.WAS_READ
    return Standing.IS_READ if state.is_leased(at) else Standing.GOES_ON


def _in_another_run(state: StreamState, message: SyncRequested, at: datetime) -> Standing:
    if state.requested_at is not None and message.requested_at < state.requested_at:
        return Standing.IS_OVERTAKEN
    if state.is_running and message.requested_at == state.requested_at and message.run < (state.run or ""):
        return Standing.IS_OVERTAKEN  # or two runs of one moment would take the stream from each other for ever
    if not state.is_running and message.kind == "changes" and state.waits_until is not None and at < state.waits_until:
        return Standing.IS_PUT_OFF
    return Standing.MUST_WAIT if state.is_leased(at) else Standing.BEGINS


def begun(state: StreamState, message: SyncRequested, *, at: datetime) -> StreamState:
    """The state with a new run. What changed is read on from where the last run stopped, everything else from the start."""
    return state.model_copy(
        update={
            "run": message.run,
            "requested_at": message.requested_at,
            "step": message.step,
            "is_running": True,
            "lease_until": at + LEASE,
            "waits_until": None,
            "started_at": at,
            "finished_at": None,
            "record_count": 0,
            "total_count": None,
            "cursor": state.cursor if message.kind == "changes" else None,
        }
    )


def put_aside(state: StreamState, message: SyncRequested, *, at: datetime) -> StreamState:
    """The state with a new run that nobody may read now: it stalls, and is asked for again when it may."""
    return begun(state, message, at=at).model_copy(update={"lease_until": None})


def taken(state: StreamState, *, at: datetime) -> StreamState:
    """The state with the lease renewed."""
    return state.model_copy(update={"lease_until": at + LEASE, "waits_until": None})


def advanced(state: StreamState, page: Page, *, at: datetime) -> StreamState:
    """The state after a page is on the queue."""
    return state.model_copy(
        update={
            "cursor": page.cursor,
            "covered_until": page.covered_until or state.covered_until,
            "record_count": state.record_count + len(page.events),
            "total_count": page.total_count if page.total_count is not None else state.total_count,
            "lease_until": at + LEASE,
            "last_error": None,
        }
    )


def stepped(state: StreamState, *, waits_until: datetime | None = None) -> StreamState:
    """The state as the next step will find it."""
    return state.model_copy(update={"step": state.step + 1, "lease_until": None, "waits_until": waits_until})


def ended(state: StreamState, *, at: datetime) -> StreamState:
    """The state of a run that read all there was."""
    over = {"is_running": False, "lease_until": None, "waits_until": None}
    return state.model_copy(update={**over, "finished_at": at, "last_status": "success", "last_error": None})


def broken_off(state: StreamState, error: str, *, at: datetime, is_over: bool, waits_until: datetime | None = None) -> StreamState:
    """The state after something went wrong. The lease is let go, and the cursor stays at the last page that is on the queue."""
    said = {"lease_until": None, "last_error": error, "last_status": "failed" if is_over else "partial"}
    over = {"is_running": False, "finished_at": at} if is_over else {}
    return state.model_copy(update={**said, **over, "waits_until": waits_until or state.waits_until})


def next_step(state: StreamState, message: SyncRequested) -> SyncRequested:
    """The message that asks for the step a state is at."""
    return message.model_copy(update={"step": state.step, "nudge": 0})
