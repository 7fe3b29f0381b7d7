"""The hash of a batch is made in turns, and is the same as the one made in one go."""

from datetime import UTC, datetime

from shared.contracts.ingestion import IN_A_TURN, IngestionBatch, IngestionEvent


def batch(size: int) -> IngestionBatch:
    """So many events of one connection."""
    events = tuple(
        IngestionEvent(
            tenant_id="t",
            source="salesforce",
            source_id=str(number),
            event_type="update",
            observed_at=datetime(2026, 1, 1, tzinfo=UTC),
            payload={"Id": str(number), "Amount": number / 2},
            connection_id="salesforce:00D",
        )
        for number in range(size)
    )
    return IngestionBatch(tenant_id="t", connection_id="salesforce:00D", events=events)


async def hashed(made: IngestionBatch) -> int:
    """How often others were let go first."""
    turns = list[None]()

    async def give_way() -> None:
        turns.append(None)

    await made.hash_in_turns(give_way)
    return len(turns)


async def test_a_batch_hashed_in_turns_says_the_same_as_ever() -> None:
    plain, made = batch(2 * IN_A_TURN + 1), batch(2 * IN_A_TURN + 1)

    assert await hashed(made) == 3

    assert (made.id, made.encode()) == (plain.id, plain.encode())
    assert made == plain
    assert IngestionBatch.decode(made.encode()) == plain


async def test_a_copy_with_other_events_has_a_hash_of_its_own() -> None:
    made, other = batch(3), batch(2)
    await hashed(made)

    assert made.model_copy(update={"events": other.events}).id == other.id
    assert made.model_copy().id == made.id == batch(3).id
