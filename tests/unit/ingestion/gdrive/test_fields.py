"""Which fields are asked for, in the vendor's language, and which of them an event speaks for."""

import pytest

from ingestion.sources.gdrive.fields import RULES, file_fields, file_names, folded, names_without
from shared.conversions.gdrive import FILE, FOLDER, USER


@pytest.mark.parametrize(
    ("names", "inner", "text"),
    [
        (["name"], {}, "name"),
        (["name", "id"], {}, "id,name"),
        (["owners.0.emailAddress", "owners.0.displayName"], {}, "owners(displayName,emailAddress)"),
        (["parents.0"], {}, "parents"),
        (["shortcutDetails.targetId"], {}, "shortcutDetails(targetId)"),
        (["permissions"], {"permissions": "type,role"}, "permissions(type,role)"),
        (["a.b.c", "a.b.d", "a.e"], {}, "a(b(c,d),e)"),
    ],
)
def test_names_with_dots_are_folded(names: list[str], inner: dict[str, str], text: str) -> None:
    assert folded(names, inner) == text


def test_what_a_conversion_or_a_rule_reads_is_asked_for_and_nothing_twice() -> None:
    assert file_names() == {*RULES, *FILE.vendor_fields, *FOLDER.vendor_fields}
    asked = file_fields()
    for name in file_names():
        first = name.partition(".")[0]
        assert asked.startswith(first) or f",{first}" in asked
    assert all(name in asked[asked.index("owners(") :] for name in USER.vendor_fields)
    assert "*" not in asked


def test_what_says_nothing_of_its_readers_speaks_for_all_the_rest() -> None:
    names = names_without(frozenset({"permissions", "parents"}))
    assert set(file_names()) - set(names) == {"permissions", "parents.0"}
    assert list(names) == sorted(names)
