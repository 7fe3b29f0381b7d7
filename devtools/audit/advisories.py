"""What is known against what we use: what pip-audit and npm say, read strictly.

The two answer politely when they could not ask. pip-audit says "no known vulnerabilities" of packages that it skipped: what was skipped is
not audited here, and an answer in which nothing was looked up is none.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from devtools.audit.accepted import Accepted, Advisory

SERIOUS = frozenset({"high", "critical"})
"""Of npm's four words. What npm brings runs on developers' machines alone, so only these fail."""


class NotAsked(Exception):
    """Whoever knows of advisories did not answer; the text says what happened instead."""


@dataclass(frozen=True)
class Finding:
    """One advisory against one package we use."""

    package: str
    version: str
    names: frozenset[str]
    """It has several: PYSEC, CVE, GHSA."""
    fixed_in: str

    @property
    def text(self) -> str:
        """For a person."""
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))} (mended in {self.fixed_in or 'no version yet'})"


@dataclass(frozen=True)
class Heard:
    """One answer."""

    asked_count: int
    """Packages that were really looked up."""
    findings: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()
    """Packages that were not."""
    lesser_count: int = 0
    """npm: advisories below ``SERIOUS``."""


@dataclass(frozen=True)
class Verdict:
    """What an answer comes to, once what is accepted is taken from it."""

    faults: tuple[str, ...]
    notes: tuple[str, ...]
    used: frozenset[Advisory] = field(default=frozenset())
    """What was accepted and did occur."""


def pip_audit_said(output: str) -> Heard:
    """From ``pip-audit --format json``.

    Raises:
        NotAsked: it is no such answer, or not one package was looked up.
    """
    dependencies = _object(output).get("dependencies")
    if not isinstance(dependencies, list):
        raise NotAsked("gave no list of packages")
    skipped = tuple(str(one.get("name")) for one in dependencies if "skip_reason" in one)
    looked_up = [one for one in dependencies if isinstance(one.get("vulns"), list) and "skip_reason" not in one]
    if not looked_up:
        raise NotAsked(f"looked up none of {len(dependencies)} packages: the index that was asked keeps no advisories")
    return Heard(len(looked_up), tuple(finding for one in looked_up for finding in _findings(one)), skipped)


def npm_said(output: str) -> Heard:
    """From ``npm audit --json``.

    Raises:
        NotAsked: it is no report.
    """
    report = _object(output)
    packages, counts = report.get("vulnerabilities"), report.get("metadata", {}).get("dependencies", {})
    if "auditReportVersion" not in report or not isinstance(packages, dict) or not counts.get("total"):
        raise NotAsked("gave no report: the registry that was asked keeps no advisories")
    every = [way for one in packages.values() for way in one.get("via", []) if isinstance(way, dict)]
    serious = {(way["name"], way["url"]): way for way in every if way.get("severity") in SERIOUS}
    findings = tuple(
        Finding(name, str(way.get("range", "")), frozenset({str(url).rpartition("/")[2]}), "")
        for (name, url), way in sorted(serious.items())
    )
    return Heard(int(counts["total"]), findings, lesser_count=len({(way["name"], way["url"]) for way in every}) - len(serious))


def verdict_on(heard: Heard, accepted: Iterable[Advisory], *, today: date, is_required: bool) -> Verdict:
    """Findings that are not accepted are faults; so are, where it is required, packages that nobody looked up."""
    known = tuple(accepted)
    faults, used = [], set()
    for finding in heard.findings:
        excuse = next((one for one in known if one.package == finding.package and one.id in finding.names), None)
        if excuse is None:
            faults.append(finding.text)
        else:
            used.add(excuse)
            if today > excuse.until:
                faults.append(f"{finding.text}: was accepted until {excuse.until}")
    notes = [f"{heard.asked_count} packages looked up, {len(heard.findings)} advisories"]
    if heard.lesser_count:
        notes.append(f"{heard.lesser_count} advisories below high, of what runs on developers' machines alone")
    if heard.skipped:
        text = f"not looked up: {', '.join(heard.skipped)}"
        (faults if is_required else notes).append(text)
    return Verdict(tuple(faults), tuple(notes), frozenset(used))


def idle(accepted: Accepted, used: frozenset[Advisory]) -> Iterator[str]:
    """What is accepted and did not occur, when everybody was asked."""
    yield from (f"accepted.toml: {one.id} of {one.package} does not occur: take it out" for one in accepted.advisories if one not in used)


def _findings(dependency: dict[str, Any]) -> Iterator[Finding]:
    for vulnerability in dependency["vulns"]:
        names = frozenset({vulnerability["id"], *vulnerability.get("aliases", [])})
        yield Finding(dependency["name"], dependency["version"], names, ", ".join(vulnerability.get("fix_versions", [])))


def _object(output: str) -> dict[str, Any]:
    try:
        said = json.loads(output)
    except ValueError:
        raise NotAsked("gave no answer that can be read") from None
    if not isinstance(said, dict):
        raise NotAsked("gave no answer that can be read")
    return said
