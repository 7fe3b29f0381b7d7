"""``files.get?alt=media`` and ``files.export``: the bytes of a file. Lacks ranges, and conversion: what is exported is what was put in."""

from typing import Final

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.api.answers import Answer
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.resources import EXPORTS

LARGEST_EXPORT_BYTES: Final = 10 * 1024 * 1024
_NOT_BINARY: Final = "Only files with binary content can be downloaded. Use Export with Docs Editors files."


def download(asked: Question) -> Answer:
    item = asked.file()
    if item.is_native:
        raise refusals.refused(403, "fileNotDownloadable", _NOT_BINARY, "alt")
    return Answer(item.bytes(), content_type=item.mime_type, rows=1)


def export(asked: Question) -> Answer:
    """What it would be large is its size, where its content is shorter: so a large one need not be kept."""
    item, kind = asked.file(), asked.needed("mimeType")
    if item.mime_type not in EXPORTS:
        raise refusals.refused(403, "fileNotExportable", "Export only supports Docs Editors files.")
    if kind not in EXPORTS[item.mime_type]:
        raise refusals.refused(400, "badRequest", "The requested conversion is not supported.", "convertTo")
    if max(item.size or 0, len(item.content or b"")) > asked.served.largest_export_bytes:
        raise refusals.of_reason("exportSizeLimitExceeded")
    return Answer(item.bytes(), content_type=kind, rows=1)
