"""Route templates as the Functions host reads them (ASP.NET Core routing): ``{name}``, ``{name?}``, ``{*rest}``, ``{id:int}``.

Matching ignores case; a literal segment beats a parameter, and a parameter beats ``{*rest}``, whatever the order of declaration.
A method that a route does not list is a 404, not a 405, because in the real host the method is part of the match.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{(\*{0,2})([A-Za-z_]\w*)((?::[^{}?]+)*)(\?)?\}")
_CONSTRAINTS = {
    "int": r"[+-]?\d+",
    "long": r"[+-]?\d+",
    "alpha": r"[A-Za-z]+",
    "guid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
}


class RouteInvalid(Exception):
    """The template is wrong, or uses a part of ASP.NET routing that is not imitated."""


@dataclass(frozen=True)
class Route:
    """A compiled template. ``rank`` sorts more specific routes first."""

    template: str
    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    def match(self, raw_path: str) -> dict[str, str] | None:
        """The route parameters, percent-decoded, or None. ``raw_path`` is still percent-encoded and has no leading slash."""
        found = self.pattern.fullmatch(raw_path.strip("/"))
        if not found:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value is not None}


def compile_route(template: str) -> Route:
    """Compile ``prefix/route``.

    Raises:
        RouteInvalid: see there.
    """
    expression, rank = "", []
    for position, segment in enumerate(part for part in template.strip("/").split("/") if part):
        piece, weight, is_optional = _segment(segment)
        slash = "/" if position else ""
        expression += f"(?:{slash}{piece})?" if is_optional else f"{slash}{piece}"
        rank.append(weight)
    try:
        return Route(template, re.compile(expression, re.IGNORECASE), tuple(rank))
    except re.error as error:
        raise RouteInvalid(f"the route {template!r} cannot be read: {error}") from error


def _segment(segment: str) -> tuple[str, int, bool]:
    """Pattern, weight (0 literal, 1 mixed, 2 parameter, 3 catch-all) and whether it may be absent."""
    whole = _PARAMETER.fullmatch(segment)
    if whole:
        stars, name, constraints, question = whole.groups()
        if stars:
            return f"(?P<{name}>.*)", 3, True
        return f"(?P<{name}>{_constraint(constraints)})", 2, bool(question)
    pattern, end = "", 0
    for found in _PARAMETER.finditer(segment):
        pattern += re.escape(segment[end : found.start()]) + f"(?P<{found[2]}>{_constraint(found[3])}?)"
        end = found.end()
    rest = segment[end:]
    if "{" in rest or "}" in rest:
        raise RouteInvalid(f"the route segment {segment!r} cannot be read")
    return pattern + re.escape(rest), 1 if pattern else 0, False


def _constraint(text: str) -> str:
    names = [name for name in text.split(":") if name]
    if not names:
        return "[^/]+"
    if len(names) > 1 or names[0] not in _CONSTRAINTS:
        raise RouteInvalid(f"the route constraint {text!r} is not imitated; this host knows {', '.join(_CONSTRAINTS)}")
    return _CONSTRAINTS[names[0]]
