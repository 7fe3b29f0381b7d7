"""The zip with its packages, as Azure gets it: where nothing else is it loads, from its own byte code, and it holds nothing it may not."""

import json
import os
import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from devtools.artefact import Refused, Target, build, byte_code, kept_package, packages
from devtools.artefact.__main__ import KEPT
from devtools.artefact.archive import digest
from devtools.artefact.packages import PLACE, check_pins

ROOT = Path(__file__).parents[2]
UNCHECKED = 0b01
"""The flags of byte code (PEP 552): made from a hash, and the source is not compared."""
PINNED = f"aiohttp==3.14.5 ; python_version < '4' \\\n    --hash=sha256:{'0' * 64}\n"

only_here = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or platform.system() != "Linux" or platform.machine() != "x86_64",
    reason="the deployed platform is another",
)


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(kept_package(KEPT, Target()))


@pytest.fixture(scope="module")
def app(archive: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wwwroot")
    archive.extractall(folder)
    return folder


def told(app: Path, code: str, **settings: str) -> object:
    """What an interpreter prints that has the app's folder, its packages and nothing else: not even the packages of its own environment."""
    found = f"import json, sys; sys.path[:0] = [{str(app)!r}, {str(app / PLACE)!r}]\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", found], cwd=app, env=settings, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


NAMES = "import function_app; print(json.dumps([one.get_function_name() for one in function_app.app.get_functions()]))"


@only_here
def test_unpacked_where_nothing_else_is_every_function_is_listed(app: Path) -> None:
    light, heavy, everything = (told(app, NAMES, CONSUMER_TYPE=consumer) for consumer in ("light", "heavy", "all"))

    assert isinstance(light, list)
    assert isinstance(heavy, list)
    assert isinstance(everything, list)
    assert "ingestion-slack-webhook" in light
    assert "embedding-worker" in heavy
    assert sorted(everything) == sorted({*light, *heavy})


CLIENTS = """
import importlib, pathlib
tops = ("ingestion", "processors", "shared")
names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for top in tops for path in sorted(pathlib.Path(top).rglob("*.py"))]
missing = {}
for name in names:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing[name] = error.name
import azure.cosmos.aio, azure.identity.aio, azure.servicebus.aio, azure.storage.blob.aio
print(json.dumps(sorted(set(missing.values()))))
"""


@only_here
def test_every_module_and_every_client_loads_and_only_the_encoder_of_development_machines_misses_its_numpy(app: Path) -> None:
    assert told(app, CLIENTS) == ["numpy"]


@only_here
def test_byte_code_is_used_without_a_look_at_its_source(app: Path) -> None:
    source = app / "shared" / "topology.py"
    was = source.read_text()
    before = {path: path.stat().st_mtime_ns for path in app.rglob("*.pyc")}

    source.write_text("raise AssertionError('compiled from the source')")
    told(app, NAMES, CONSUMER_TYPE="all")
    source.write_text(was)

    assert {path: path.stat().st_mtime_ns for path in app.rglob("*.pyc")} == before


def test_every_module_has_its_byte_code_and_no_byte_code_compares_its_source(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    compiled = [name for name in names if name.endswith(".pyc")]

    assert len(compiled) == len([name for name in names if name.endswith(".py")])
    assert {int.from_bytes(archive.read(name)[4:8], "little") for name in compiled} == {UNCHECKED}


def test_nothing_ships_that_is_not_needed_there(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    tops = {name.split("/")[0] for name in names}

    assert tops == {
        "function_app.py",
        "host.json",
        "requirements.txt",
        "ingestion",
        "processors",
        "shared",
        "__pycache__",
        ".python_packages",
    }
    assert [name for name in names if "/tests/" in name or name.startswith(f"{PLACE}/bin/") or name.endswith("/RECORD")] == []
    assert {place for place in packages.NEVER.values() if any(name.startswith(f"{PLACE}/{place}/") for name in names)} == set()
    assert f"{PLACE}/azure/servicebus/__init__.py" in names


def test_a_package_is_built_once_and_named_by_what_is_in_it() -> None:
    kept = kept_package(KEPT, Target())
    made = kept.stat().st_ino

    assert re.fullmatch(r"shardline-[0-9a-f]{12}\.zip", kept.name)
    assert kept_package(KEPT, Target()).stat().st_ino == made
    assert digest(ROOT, Target()) != digest(ROOT, Target(is_compiled=False))


@pytest.mark.long
def test_two_builds_from_nothing_give_the_same_bytes(tmp_path: Path) -> None:
    made = [build(tmp_path / f"{name}.zip", target=Target(), ready=tmp_path / name) for name in ("one", "two")]

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert made[0] == made[1]


def test_our_own_code_compiles_to_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    for name in ("one", "another"):
        (tmp_path / name / "shared").mkdir(parents=True)
        (tmp_path / name / "shared" / "topology.py").write_bytes((ROOT / "shared" / "topology.py").read_bytes())
        byte_code.compile_all(tmp_path / name, f"{sys.version_info.major}.{sys.version_info.minor}")

    [one], [another] = (list((tmp_path / name).rglob("*.pyc")) for name in ("one", "another"))
    assert one.read_bytes() == another.read_bytes()


@pytest.mark.parametrize("name", ["protobuf", "grpcio"])
def test_what_would_replace_the_workers_own_libraries_is_refused(name: str) -> None:
    with pytest.raises(Refused, match=f"{name} may not ship.*0045"):
        check_pins(PINNED + PINNED.replace("aiohttp", name))


@pytest.mark.parametrize(
    "line",
    [
        "aiohttp\n",
        "aiohttp==3.14.5\n",
        f"aiohttp>=3.14.5 --hash=sha256:{'0' * 64}\n",
        "aiohttp @ https://packages.example/aiohttp.whl\n",
        "-e .\n",
        "--index-url https://packages.example/simple\n",
        "git+https://packages.example/aiohttp.git\n",
    ],
)
def test_what_is_not_a_pinned_release_with_its_hashes_is_refused(line: str) -> None:
    with pytest.raises(Refused, match="not a pinned release"):
        check_pins(PINNED + line)


def test_a_folder_of_tests_that_something_imports_stops_the_build(tmp_path: Path) -> None:
    for path, text in {"one/__init__.py": "from one.tests import things", "one/tests/__init__.py": "", "two/tests/x.py": ""}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    with pytest.raises(Refused, match=r"one\.tests looks like tests"):
        packages._leave_out(tmp_path)


def test_without_an_interpreter_of_that_version_there_is_no_byte_code_and_the_refusal_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "PATH", "")

    with pytest.raises(Refused, match=r"no Python 3\.9 here.*--without-byte-code"):
        byte_code.compile_all(ROOT / "shared", "3.9")
