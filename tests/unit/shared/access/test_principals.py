"""Who may see a shard."""

import pytest

from shared.access.acl import ADMINS, ADMINS_ONLY, TENANT, Acl, AclEntry, Principal, domain, group, may_read, readers, user


@pytest.mark.parametrize(
    ("made", "principal"),
    [
        (user("ada@example.com"), "user:ada@example.com"),
        (user("  Ada@Example.COM "), "user:ada@example.com"),
        (user("ADA.Lovelace+x@EXAMPLE.co.uk"), "user:ada.lovelace+x@example.co.uk"),
        (user("Ünal@Example.de"), "user:ünal@example.de"),
        (domain("Example.COM"), "domain:example.com"),
        (group("slack", "C012AB3CD"), "group:slack:C012AB3CD"),
        (group("gdrive", "0AEd3EhGFFFF:x"), "group:gdrive:0AEd3EhGFFFF:x"),
        (TENANT, "tenant"),
        (ADMINS, "admins"),
    ],
)
def test_a_principal_has_one_form(made: Principal, principal: str) -> None:
    assert made == principal


@pytest.mark.parametrize(
    "email", ["", "ada", "@example.com", "ada@", "ada lovelace@example.com", "ada@b@c", "a:b@example.com", "ada@example.com\n*"]
)
def test_what_is_no_address_is_no_user(email: str) -> None:
    with pytest.raises(ValueError, match=r"^not a principal$"):
        user(email)


@pytest.mark.parametrize(
    ("source", "group_id"), [("", "C1"), ("Slack", "C1"), ("slack", ""), ("slack", "C 1"), ("sl:ack", ""), ("slack:T1", "C1")]
)
def test_what_has_no_source_or_no_id_is_no_group(source: str, group_id: str) -> None:
    with pytest.raises(ValueError, match=r"^not a principal$"):
        group(source, group_id)


@pytest.mark.parametrize("name", ["", "a b", "user@example.com"])
def test_what_is_no_domain_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"^not a principal$"):
        domain(name)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "*",
        "everyone",
        "Tenant",
        "tenants",
        "admins ",
        "user:Ada@example.com",
        "user:Ünal@example.de",
        "domain:Example.com",
        "role:x",
        "tenant\n",
    ],
)
def test_an_access_list_holds_canonical_principals_only(subject: str) -> None:
    with pytest.raises(ValueError, match="not a principal"):
        AclEntry(subject=Principal(subject))


def test_readers_are_in_one_order_each_once() -> None:
    acl = readers([user("b@x.com"), TENANT, user("a@x.com"), user("B@X.com")])

    assert [(entry.subject, entry.permission_level) for entry in acl] == [
        ("tenant", "read"),
        ("user:a@x.com", "read"),
        ("user:b@x.com", "read"),
    ]


def test_a_record_is_never_left_without_readers_by_accident() -> None:
    with pytest.raises(ValueError, match="without readers"):
        readers([])


@pytest.mark.parametrize(
    ("acl", "caller", "allowed"),
    [
        (ADMINS_ONLY, [ADMINS], True),
        (ADMINS_ONLY, [user("ada@x.com"), TENANT, domain("x.com")], False),
        (readers([TENANT]), [TENANT], True),
        (readers([group("slack", "C1")]), [TENANT, group("slack", "C1")], True),
        (readers([group("slack", "C1")]), [TENANT, group("gdrive", "C1")], False),
        (readers([user("ada@x.com")]), [user("Ada@X.com")], True),
        (readers([TENANT]), [], False),
        ((), [TENANT, ADMINS], False),
    ],
)
def test_a_caller_sees_what_one_of_their_principals_is_on_the_list_of(acl: Acl, caller: list[Principal], allowed: bool) -> None:
    assert may_read(acl, caller) is allowed


def test_unknown_readers_are_the_admins_and_nobody_else() -> None:
    assert [(entry.subject, entry.permission_level) for entry in ADMINS_ONLY] == [("admins", "read")]


@pytest.mark.parametrize(("one", "other"), [("ada@straße.de", "ada@strasse.de"), ("ada@\u212aelvin.example", "ada@kelvin.example")])
def test_two_addresses_that_only_fold_alike_are_two_people(one: str, other: str) -> None:
    assert user(one) != user(other)
    assert domain(one.partition("@")[2]) != domain(other.partition("@")[2])
