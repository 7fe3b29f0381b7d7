"""What the files alone say: pins, hashes, licences, what ships for nobody, npm's lock, and the list of what is let pass."""

import json
from datetime import date
from importlib.metadata import files

import pytest

from devtools.audit import accepted, licences, npm_lock, pins, shipping
from devtools.audit.accepted import Advisory
from devtools.audit.pins import OURS, Pin

HASH = "--hash=sha256:" + "0" * 64
FILE = f"""# made
pydantic==2.14.3 \\
    {HASH} \\
    {HASH}
    # via shardline (pyproject.toml)
azure-functions==2.3.0 ; python_full_version >= '3.13' \\
    {HASH}
    # via
    #   shardline (pyproject.toml:dev)
    #   pydantic
"""


def test_a_pin_has_its_version_marker_hashes_and_who_asked_for_it() -> None:
    assert pins.pins_in(FILE) == [
        Pin("pydantic", "2.14.3", None, (HASH, HASH), (OURS,)),
        Pin("azure-functions", "2.3.0", "python_full_version >= '3.13'", (HASH,), (OURS, "pydantic")),
    ]
    assert list(pins.faults("r.txt", FILE)) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("pydantic==2.14.3", "r.txt: pydantic==2.14.3 has no hash"),
        (f"pydantic>=2 \\\n    {HASH}", "r.txt: pydantic>=2 is no exact version of a package from the index"),
        (f"pydantic==2.* \\\n    {HASH}", "r.txt: pydantic==2.* is no exact version of a package from the index"),
        (f"pydantic @ https://example.com/x.whl \\\n    {HASH}", "r.txt: pydantic @ https://example.com/x.whl is no exact"),
        ("-e .", "r.txt: -e . is no exact version of a package from the index"),
        ("--extra-index-url https://example.com/simple", "r.txt: --extra-index-url https://example.com/simple is no exact"),
        ("pydantic==2.14.3 \\\n    --hash=md5:0", "r.txt: pydantic==2.14.3 is no exact version"),
    ],
)
def test_what_could_be_something_else_tomorrow_is_named(line: str, fault: str) -> None:
    [found] = pins.faults("r.txt", f"{line}\n")

    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("MIT OR GPL-3.0-only AND LGPL-2.1-only", True),
        ("(MIT OR GPL-3.0-only) AND LGPL-2.1-only", False),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", True),
        ("MPL-2.0", False),
        ("MIT or else", False),
        ("(MIT", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_when_it_can_be_met_with_allowed_ones(expression: str, allowed: bool) -> None:
    assert licences.is_allowed(expression) is allowed


def test_a_package_says_its_licence_in_one_of_three_ways() -> None:
    assert licences.licence_of("pydantic") == "MIT"  # as an expression
    assert licences.licence_of("requests") == "Apache-2.0"  # in the word of before
    assert licences.licence_of("isodate") == "BSD-3-Clause"  # by its classifier: the field holds the whole text
    assert licences.licence_of("a-package-nobody-has") is None


def test_a_licence_that_is_not_on_the_list_needs_its_reason_and_a_reason_its_licence() -> None:
    shipped = [Pin("certifi", "1"), Pin("pydantic", "1")]

    assert list(licences.faults(shipped, [("certifi", "MPL-2.0")])) == []
    assert list(licences.faults(shipped, [])) == ["certifi: its licence (MPL-2.0) is not on the list of devtools/audit/licences.py"]
    [*_, idle] = licences.faults(shipped, [("certifi", "MPL-2.0"), ("gone", "MPL-2.0")])
    assert idle == "accepted.toml: no shipped package is gone under MPL-2.0: take it out"


def test_what_ships_is_imported_or_needed_by_what_is() -> None:
    used = [
        Pin("pydantic", "1", via=(OURS,)),
        Pin("pydantic-core", "1", via=("pydantic",)),
        Pin("typing-extensions", "1", via=("pydantic-core",)),
    ]
    idle = [Pin("requests", "1", via=(OURS,)), Pin("certifi", "1", via=("requests",))]

    assert list(shipping.faults(used, {"pydantic"}, [])) == []
    assert list(shipping.faults([*used, *idle], {"pydantic"}, [])) == [
        "requirements.txt: requests ships and nothing of ours imports it",
        "requirements.txt: certifi ships and nothing needs it",
    ]
    assert list(shipping.faults([*used, *idle], {"pydantic"}, ["requests"])) == []


def test_an_excuse_for_what_is_imported_is_taken_out() -> None:
    used = [Pin("pydantic", "1", via=(OURS,))]

    assert list(shipping.faults(used, {"pydantic"}, ["pydantic"])) == ["accepted.toml: pydantic is imported, or does not ship: take it out"]


def test_a_name_at_the_top_that_packages_share_is_no_use_of_all_of_them() -> None:
    shared_name = [Pin("azure-cosmos", "1", via=(OURS,)), Pin("azure-identity", "1", via=(OURS,))]

    assert list(shipping.faults(shared_name, {"azure", "azure.cosmos"}, [])) == [
        "requirements.txt: azure-identity ships and nothing of ours imports it"
    ]
    assert not [path for path in files("azure-cosmos") or [] if path.as_posix() == "azure/__init__.py"]


@pytest.mark.parametrize("name", ["protobuf", "grpcio"])
def test_what_would_replace_the_workers_own_never_ships(name: str) -> None:
    [fault, *_] = shipping.faults([Pin(name, "1", via=("pydantic",)), Pin("pydantic", "1", via=(OURS,))], {"pydantic"}, [])

    assert fault == f"requirements.txt: {name} must not ship: it would replace that of the Functions worker"


def test_npms_lock_has_a_hash_for_each_package_and_no_address() -> None:
    good = {"version": "1", "integrity": "sha512-x"}
    lock = {
        "packages": {
            "": {},
            "a": good,
            "b": {"version": "1"},
            "c": good | {"resolved": "https://example.com/c"},
            "d": {"integrity": "sha1-x"},
        }
    }

    assert list(npm_lock.faults(json.dumps(lock))) == [
        "package-lock.json: b has no SHA-512",
        "package-lock.json: c names where it was taken from: .npmrc says to leave that out",
        "package-lock.json: d has no SHA-512",
    ]


def test_what_is_let_pass_has_a_reason_and_an_advisory_a_day() -> None:
    read = accepted.read('[[advisory]]\nid = "CVE-1"\npackage = "x"\nreason = "not reached"\nuntil = 2027-01-31\n')

    assert read.advisories == (Advisory("CVE-1", "x", "not reached", date(2027, 1, 31)),)


@pytest.mark.parametrize(
    "text",
    [
        '[[advisory]]\nid = "CVE-1"\npackage = "x"\nreason = "no day"\n',
        '[[advisory]]\nid = "CVE-1"\npackage = "x"\nreason = " "\nuntil = 2027-01-31\n',
        '[[licence]]\npackage = "x"\nlicence = "GPL"\n',
        '[[not-imported]]\npackage = "x"\n',
        '[[ignored]]\npackage = "x"\n',
        '[[advisory]]\nid = "CVE-1"\npackage = "x"\nreason = "for ever"\nuntil = "2099"\n',
    ],
)
def test_an_entry_that_lacks_something_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"needs|unknown"):
        accepted.read(text)
