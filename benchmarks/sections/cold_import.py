"""The page's words about the import of the app."""

from collections.abc import Iterator, Mapping
from typing import Any


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Cold import"
    yield from ("", "| | median ms |", "|---|---|")
    yield f"| `import azure.functions` | {figures['bare_import_ms_median']} |"
    yield f"| `import function_app` | {figures['app_import_ms_median']} |"
    yield ""
    added, heavy = figures["modules_the_app_adds"], figures["heavy_modules_loaded"]
    names = ", ".join(f"`{name}`" for name in added)
    loaded = f"`sys.modules` then holds {figures['modules_loaded']} modules, {len(added)} of them because of the app: {names}."
    yield f"{loaded} Heavy modules loaded: {', '.join(heavy) if heavy else 'none'}."
