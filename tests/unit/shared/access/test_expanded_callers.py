"""A caller is whom the sources know by the verified address."""

from collections.abc import Collection

import pytest
from typing_extensions import override

from shared.access.acl import TENANT, Principal
from shared.access.directory import Directory, expanded
from shared.access.tokens import Caller
from shared.errors import DependencyUnavailable

ADA = Principal("group:salesforce:00D000000000001EAA/005000000000001AAA")


class People(Directory):
    """One person; away when told so."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.asked: list[tuple[str, str]] = []

    @override
    async def principals_of(self, tenant_id: str, email: str) -> frozenset[Principal]:
        self.asked.append((tenant_id, email))
        if self.is_away:
            raise DependencyUnavailable("the directory: no answer")
        return frozenset({ADA}) if (tenant_id, email) == ("acme", "ada@acme.example") else frozenset()

    @override
    async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
        return frozenset()


async def test_the_directory_adds_to_what_the_token_says() -> None:
    caller = await expanded(Caller("acme", frozenset({TENANT}), "ada@acme.example"), People())

    assert caller.principals == {TENANT, ADA}


async def test_somebody_elses_tenant_knows_nobody_of_that_address() -> None:
    caller = await expanded(Caller("globex", frozenset({TENANT}), "ada@acme.example"), People())

    assert caller.principals == {TENANT}


async def test_nobody_is_looked_up_without_a_verified_address() -> None:
    people = People()

    caller = await expanded(Caller("acme", frozenset({TENANT})), people)

    assert caller.principals == {TENANT}
    assert people.asked == []


async def test_a_directory_that_does_not_answer_is_never_taken_for_one_that_knows_nobody() -> None:
    with pytest.raises(DependencyUnavailable):
        await expanded(Caller("acme", frozenset({TENANT}), "ada@acme.example"), People(is_away=True))
