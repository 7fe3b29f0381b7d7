"""The invented Google Workspace of a run: its key, and what its process is told."""

import json
import stat
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from devtools.local.addresses import Addresses
from devtools.local.run import Run
from devtools.local.workspace import Workspace, new_domain, people_of

RUN = Run(Addresses(), "00D000000000062EAA", "sample", "k" * 32, domain="lantern-1a2b.example")


def test_the_app_is_given_the_key_file_whose_public_half_the_pretend_drive_knows(tmp_path: Path) -> None:
    workspace = Workspace.of(RUN, tmp_path)

    here = tmp_path / "data" / "gdrive"
    said = json.loads(workspace.settings["SECRET_GDRIVE_PRETEND"])
    public = load_pem_private_key(said["private_key"].encode(), password=None).public_key()
    arguments = dict(zip(workspace.arguments[::2], workspace.arguments[1::2], strict=True))
    assert json.loads((here / "key.json").read_text()) == said
    assert stat.S_IMODE((here / "key.json").stat().st_mode) == 0o600
    assert public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) == (here / "public.pem").read_bytes()
    assert (arguments["--public-key"], arguments["--key-id"]) == (str(here / "public.pem"), said["private_key_id"])
    assert arguments["--account"] == said["client_email"] == "reader@lantern-1a2b.iam.gserviceaccount.com"
    assert arguments["--domain"] == "lantern-1a2b.example"


def test_every_run_has_a_new_key_and_the_same_files_whenever_it_is_started(tmp_path: Path) -> None:
    first, second = Workspace.of(RUN, tmp_path / "first"), Workspace.of(RUN, tmp_path / "second")

    assert first.settings != second.settings
    assert first.arguments[:8] == second.arguments[:8]


def test_another_run_has_another_domain_and_people_of_that() -> None:
    assert new_domain(Random(1)) != new_domain(Random(2))
    assert people_of(RUN) == ("ada@lantern-1a2b.example", "bob@lantern-1a2b.example", "cleo@lantern-1a2b.example")
