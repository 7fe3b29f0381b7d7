"""A file's sharing list as principals, and a group's members."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.acl import TENANT, user
from shared.access.grants import granted, grants_in, members, members_in, principals_in, written

ADA = "Ada@Acme.example"


def entry(**said: Any) -> dict[str, Any]:
    return {"type": "user", "role": "reader", "emailAddress": ADA, **said}


def found(*entries: dict[str, Any], with_inherited: bool = False) -> set[str]:
    return set(principals_in(granted(list(entries), source="gdrive"), with_inherited=with_inherited))


@pytest.mark.parametrize(
    ("said", "principal"),
    [
        (entry(), "user:ada@acme.example"),
        (entry(type="group", emailAddress="Sales@Acme.example "), "group:gdrive:sales@acme.example"),
        ({"type": "domain", "role": "reader", "domain": "Acme.example", "allowFileDiscovery": True}, "domain:acme.example"),
        ({"type": "anyone", "role": "reader", "allowFileDiscovery": True}, "tenant"),
    ],
    ids=["person", "group", "domain", "everybody"],
)
def test_whoever_a_file_is_shared_with_finds_it(said: dict[str, Any], principal: str) -> None:
    assert found(said) == {principal}


@pytest.mark.parametrize("role", ["owner", "organizer", "fileOrganizer", "writer", "commenter", "reader"])
def test_every_role_may_read(role: str) -> None:
    assert found(entry(role=role)) == {"user:ada@acme.example"}


@pytest.mark.parametrize(
    "said",
    [
        {"type": "domain", "role": "reader", "domain": "acme.example"},
        {"type": "domain", "role": "reader", "domain": "acme.example", "allowFileDiscovery": False},
        {"type": "anyone", "role": "writer"},
        {"type": "anyone", "role": "reader", "allowFileDiscovery": "true"},
        entry(deleted=True),
        entry(view="published"),
        entry(view="metadata"),
        entry(emailAddress=None),
        entry(emailAddress=""),
        entry(emailAddress="no address"),
        entry(emailAddress=7),
        entry(type="robot"),
        {},
    ],
    ids=repr,
)
def test_a_link_an_account_that_is_no_more_or_an_entry_nobody_understands_lets_nobody_find_it(said: dict[str, Any]) -> None:
    assert found(said, with_inherited=True) == set()
    assert len(granted([said], source="gdrive")) == 1  # and keeps its place in the list


@pytest.mark.parametrize(
    ("ways", "is_inherited"),
    [
        ([], False),
        ([{"inherited": True}], True),
        ([{"inherited": False}], False),
        ([{"inherited": True}, {"inherited": False}], False),
        ([{"inherited": True}, {"inherited": True}], True),
        ([{"role": "reader"}], False),
        (None, False),
        ("inherited", False),
    ],
    ids=repr,
)
def test_a_role_is_from_above_only_where_every_way_to_it_is(ways: object, is_inherited: bool) -> None:
    said = entry(permissionDetails=ways)

    assert found(said) == (set() if is_inherited else {"user:ada@acme.example"})
    assert found(said, with_inherited=True) == {"user:ada@acme.example"}


@pytest.mark.parametrize("value", [None, {}, "list", 7, [None], ["entry"], [entry(), 1]], ids=repr)
def test_what_is_no_list_of_entries_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^not a list of permissions$"):
        granted(value, source="gdrive")


@given(
    st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["user", "group", "domain", "anyone"]), "role": st.sampled_from(["reader", "writer"])},
            optional={
                "emailAddress": st.sampled_from(["a@x.example", "b@x.example", "nobody"]),
                "domain": st.just("x.example"),
                "allowFileDiscovery": st.booleans(),
                "permissionDetails": st.lists(st.fixed_dictionaries({"inherited": st.booleans()}), max_size=2),
            },
        ),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_a_list_is_kept_as_it_is_in_whatever_order_it_was_told(entries: list[dict[str, Any]], random: Any) -> None:
    told = granted(entries, source="gdrive")
    random.shuffle(entries)

    assert written(granted(entries, source="gdrive")) == written(told)
    assert grants_in(written(told)) == told


@pytest.mark.parametrize("text", [None, "", "no JSON", "{}", "[1]", '[{"type": "user"}]', 7, ["user"]], ids=repr)
def test_what_a_shard_keeps_and_nobody_can_read_gives_nobody_anything(text: object) -> None:
    assert grants_in(text) == []


# --- members of a group


def test_active_people_are_members_and_everybody_else_is_left_out() -> None:
    told = [
        {"type": "USER", "email": ADA, "status": "ACTIVE"},
        {"email": "bob@acme.example"},
        {"type": "USER", "email": "gone@acme.example", "status": "SUSPENDED"},
        {"type": "GROUP", "email": "sales@acme.example", "status": "ACTIVE"},
        {"type": "USER", "status": "ACTIVE"},
    ]

    assert members(told) == [user(ADA), user("bob@acme.example")]


def test_a_group_of_the_whole_workspace_is_the_tenant() -> None:
    assert members([{"type": "CUSTOMER", "id": "C01"}]) == [TENANT]


@pytest.mark.parametrize("value", [None, {}, ["ada@acme.example"]], ids=repr)
def test_what_is_no_list_of_members_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^not a list of members$"):
        members(value)


@pytest.mark.parametrize("text", [None, "", "{}", "7", "[7]"], ids=repr)
def test_members_nobody_can_read_are_none(text: object) -> None:
    assert members_in(text) == frozenset()
