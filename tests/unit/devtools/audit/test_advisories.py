"""What pip-audit and npm answer, read strictly: not having asked is never taken for having found nothing."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devtools.audit import __main__ as command
from devtools.audit import advisories, asking
from devtools.audit.__main__ import Options, audit, options_of
from devtools.audit.accepted import Accepted, Advisory
from devtools.audit.advisories import NotAsked
from devtools.audit.pins import Pin

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLEAN = {"name": "pydantic", "version": "2.14.3", "vulns": []}
SKIPPED = {"name": "pydantic", "skip_reason": "Dependency not found on PyPI and could not be audited: pydantic (2.14.3)"}
BAD = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}]}
NPM_CLEAN = {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"dependencies": {"total": 376}}}
NPM_CLOSED = {"message": "405 Method Not Allowed", "error": {"summary": "", "detail": ""}}


def pip(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def advice(severity: str, number: str) -> dict[str, Any]:
    return {"name": "qs", "url": f"https://github.com/advisories/{number}", "severity": severity, "range": "<1"}


class Services:
    """Answers in place of the two programs."""

    def __init__(self, *, pip: str, npm: str) -> None:
        self.answers = {"npm": npm, "pip": pip}
        self.asked: list[str] = []

    def __call__(self, command: Sequence[str], _: float) -> str:
        who = "npm" if command[0] == "npm" else "pip"
        self.asked.append(who)
        return self.answers[who]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that ships nothing and is in order."""
    for folder in ("ingestion", "processors", "shared", "devtools/audit"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "function_app.py").write_text("import pydantic\n")
    (tmp_path / "requirements.txt").write_text(f"pydantic==2.14.3 \\\n    --hash=sha256:{'0' * 64}\n    # via shardline (pyproject.toml)\n")
    (tmp_path / "package-lock.json").write_text('{"packages": {}}')
    (tmp_path / "devtools/audit/accepted.toml").write_text("")
    return tmp_path


def test_what_was_skipped_is_not_audited() -> None:
    heard = advisories.pip_audit_said(pip(CLEAN, SKIPPED))

    assert (heard.asked_count, heard.skipped, heard.findings) == (1, ("pydantic",), ())


@pytest.mark.parametrize("output", ["", "[]", "{}", "no json", pip(), pip(SKIPPED), pip({"name": "x"}), pip(SKIPPED | {"vulns": []})])
def test_an_answer_about_nothing_is_none(output: str) -> None:
    with pytest.raises(NotAsked):
        advisories.pip_audit_said(output)


@pytest.mark.parametrize(
    "output", ["", json.dumps(NPM_CLOSED), json.dumps(NPM_CLEAN | {"metadata": {}}), json.dumps({"vulnerabilities": {}})]
)
def test_an_answer_of_npm_that_is_no_report_is_none(output: str) -> None:
    with pytest.raises(NotAsked):
        advisories.npm_said(output)


def test_of_npms_advisories_the_serious_ones_count_once_and_the_others_are_told() -> None:
    ways = [advice("high", "GHSA-1"), advice("moderate", "GHSA-2"), "another-package"]
    heard = advisories.npm_said(json.dumps(NPM_CLEAN | {"vulnerabilities": {"qs": {"via": ways}, "express": {"via": [ways[0]]}}}))

    assert [finding.text for finding in heard.findings] == ["qs <1: GHSA-1 (mended in no version yet)"]
    assert (heard.asked_count, heard.lesser_count) == (376, 1)


@pytest.mark.parametrize(
    ("until", "faults"),
    [
        (date(2026, 11, 22), ()),
        (date(2026, 11, 21), ("urllib3 1.0: CVE-1, PYSEC-1 (mended in 1.1): was accepted until 2026-11-21",)),
    ],
)
def test_an_advisory_is_accepted_under_any_of_its_names_until_its_day(until: date, faults: tuple[str, ...]) -> None:
    known = Advisory("CVE-1", "urllib3", "not reached", until)

    verdict = advisories.verdict_on(advisories.pip_audit_said(pip(BAD)), [known], today=NOON.date(), is_required=True)

    assert (verdict.faults, verdict.used) == (faults, frozenset({known}))


def test_an_advisory_of_another_package_is_not_excused() -> None:
    other = Advisory("CVE-1", "requests", "not reached", date(2030, 1, 1))

    verdict = advisories.verdict_on(advisories.pip_audit_said(pip(BAD)), [other], today=NOON.date(), is_required=False)

    assert verdict.faults == ("urllib3 1.0: CVE-1, PYSEC-1 (mended in 1.1)",)
    assert list(advisories.idle(Accepted((other,)), verdict.used)) == ["accepted.toml: CVE-1 of requests does not occur: take it out"]


def test_packages_nobody_looked_up_are_a_fault_only_where_asking_is_required() -> None:
    heard = advisories.pip_audit_said(pip(CLEAN, SKIPPED))

    lenient, strict = (advisories.verdict_on(heard, [], today=NOON.date(), is_required=required) for required in (False, True))

    assert lenient.faults == ()
    assert strict.faults == ("not looked up: pydantic",)


def test_every_version_of_a_package_is_asked_about() -> None:
    asked: list[list[str]] = []

    def answer(command: Sequence[str], _: float) -> str:
        asked.append(Path(command[command.index("-r") + 1]).read_text().splitlines())
        return pip(CLEAN)

    asking.ask_pip([Pin("x", "1"), Pin("x", "2"), Pin("y", "1"), Pin("y", "1")], run=answer, osv_url=None, is_required=True)

    assert asked == [["x==1", "y==1"], ["x==2"]]


def test_a_machine_that_cannot_ask_says_so_passes_and_is_left_alone_for_an_hour(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    services = Services(pip=pip(SKIPPED), npm=json.dumps(NPM_CLOSED))

    assert audit(project, Options(is_required=False), run=services, now=NOON) == 0
    first = capsys.readouterr().out
    assert audit(project, Options(is_required=False), run=services, now=NOON + timedelta(minutes=59)) == 0
    second = capsys.readouterr().out
    assert audit(project, Options(is_required=False), run=services, now=NOON + timedelta(hours=1)) == 0

    assert first.count("note: no advisories asked for") == second.count("note: no advisories asked for") == 2
    assert services.asked == ["pip", "npm", "pip", "npm"]


def test_a_machine_that_must_ask_and_cannot_fails_whatever_it_remembers(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    services = Services(pip=pip(SKIPPED), npm=json.dumps(NPM_CLOSED))
    audit(project, Options(is_required=False), run=services, now=NOON)
    capsys.readouterr()

    assert audit(project, Options(is_required=True), run=services, now=NOON) == 1

    assert "pip-audit: looked up none of 1 packages" in capsys.readouterr().out
    assert len(services.asked) == 4


def test_a_clean_answer_is_believed_for_half_a_day_and_for_the_same_pins(project: Path) -> None:
    services = Services(pip=pip(CLEAN), npm=json.dumps(NPM_CLEAN))

    for at in (NOON, NOON + timedelta(hours=11)):
        assert audit(project, Options(is_required=False), run=services, now=at) == 0
    assert services.asked == ["pip", "pip", "npm"]  # about one pin first, whether anybody answers

    (project / "requirements.txt").write_text((project / "requirements.txt").read_text().replace("2.14.3", "2.14.4"))
    audit(project, Options(is_required=False), run=services, now=NOON + timedelta(hours=11))

    assert services.asked == ["pip", "pip", "npm", "pip", "pip"]


def test_a_known_fault_is_red_every_time(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    services = Services(pip=pip(BAD), npm=json.dumps(NPM_CLEAN))

    for _ in range(2):
        assert audit(project, Options(is_required=False), run=services, now=NOON) == 1
        assert "urllib3 1.0: CVE-1, PYSEC-1 (mended in 1.1)" in capsys.readouterr().out


def test_what_the_files_say_fails_also_where_nobody_can_be_asked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").write_text("pydantic==2.14.3\n    # via shardline (pyproject.toml)\n")

    assert audit(project, Options(is_required=False), run=Services(pip="", npm=""), now=NOON) == 1

    assert "requirements.txt: pydantic==2.14.3 has no hash" in capsys.readouterr().out


def test_a_list_of_what_is_let_pass_that_cannot_be_read_fails(project: Path) -> None:
    (project / "devtools/audit/accepted.toml").write_text("[[ignored]]\n")

    assert audit(project, Options(is_required=False), run=Services(pip="", npm=""), now=NOON) == 1


def test_the_environment_or_an_option_says_that_asking_is_required() -> None:
    assert options_of([], {"AUDIT_REQUIRED": "1"}) == options_of(["--required"], {}) == Options(is_required=True)
    assert options_of(["--osv-url", "http://127.0.0.1/"], {"AUDIT_REQUIRED": ""}) == Options(is_required=False, osv_url="http://127.0.0.1/")


def test_what_does_not_end_or_is_not_there_was_not_asked() -> None:
    with pytest.raises(NotAsked, match="FileNotFoundError"):
        asking.run(["a-program-nobody-has"], 1.0)
    with pytest.raises(NotAsked, match="TimeoutExpired"):
        asking.run(["sleep", "9"], 0.01)


def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    for text in ("", "[]", '{"npm": {"at": 1}}', '{"npm": 3}'):
        file.write_text(text)
        assert asking.remembered(file) == {}


def test_the_files_of_this_project_are_named_as_they_are() -> None:
    assert (command.ROOT / command.SHIPPED).is_file()
