"""A host over an app that brings its packages: nothing else that is installed here is found."""

import asyncio
import json
import sysconfig
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from devtools.host.isolation import PACKAGES, isolated

pytestmark = pytest.mark.integration

APP = """
import json, sys
from importlib.util import find_spec

import azure.functions as func

app = func.FunctionApp()
found = [name for name in ("shared", "pytest", "stray", "here", "beside") if find_spec(name)]
print("FOUND " + json.dumps({"path": sys.path, "packages": found}), flush=True)


@app.route("hello")
def hello(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("hello")
"""


async def test_it_imports_the_app_s_packages_first_then_the_app_and_nothing_of_here(tmp_path: Path) -> None:
    app, packages = tmp_path / "app", tmp_path / "app" / PACKAGES
    packages.mkdir(parents=True)
    (app / "function_app.py").write_text(APP)
    (app / "host.json").write_text('{"version": "2.0"}')
    (app / "beside.py").write_text("")
    for installed in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not installed.name.startswith(("pytest", "_pytest", "__")) and installed.suffix != ".pth":
            (packages / installed.name).symlink_to(installed)
    strays = tmp_path / "strays"
    strays.mkdir()
    for stray in (strays / "stray.py", tmp_path / "here.py"):
        stray.write_text("")
    (strays / "usercustomize.py").write_text("raise SystemExit('it was imported')")
    environment = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{strays}"}

    process = await asyncio.create_subprocess_exec(
        *isolated(app, "--app", str(app), "--port", "0"), cwd=tmp_path, env=environment, stdout=PIPE, stderr=STDOUT
    )
    lines: list[str] = []
    try:
        assert process.stdout is not None
        while not lines or not lines[-1].startswith("host: ready"):
            line = await process.stdout.readline()
            assert line, lines
            lines.append(line.decode())
    finally:
        process.terminate()
        await process.wait()

    [found] = [json.loads(line.removeprefix("FOUND ")) for line in lines if line.startswith("FOUND ")]
    assert found["path"][:2] == [str(packages), str(app)]
    assert [entry for entry in found["path"][2:] if "site-packages" in entry] == []
    assert str(Path(__file__).parents[2]) not in found["path"]
    assert found["packages"] == ["beside"]
