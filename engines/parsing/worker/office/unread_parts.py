"""Warnings about the parts of Office files that no reader reads: embedded files, macros, sounds and films."""

from pathlib import PurePosixPath

from engines.parsing.worker.office.package import OfficePackage
from engines.parsing.worker.parse_context import ParseContext

_MEDIA = frozenset(
    {".mp3", ".mp4", ".m4a", ".m4v", ".wav", ".wma", ".wmv", ".avi", ".mov", ".mpg", ".mpeg", ".mid", ".aac"}
)
_MAX_LISTED = 10


def warn_of_unread_parts(package: OfficePackage, context: ParseContext) -> None:
    """Add warnings about parts that were not read. Workbooks that only hold the values of a chart are not among them."""
    of_charts = {
        relation.target for name in package.names if "/charts/" in name and name.endswith(".xml")
        for relation in package.relations(name).values()
    }  # fmt: skip
    embedded, media, controls, has_macros = list[str](), list[str](), 0, False
    for name in package.names:
        path = PurePosixPath(name)
        if path.parent.name == "embeddings" and name not in of_charts:
            embedded.append(path.name)
        elif path.suffix.lower() in _MEDIA:
            media.append(path.name)
        elif path.parent.name in ("activeX", "ctrlProps") and path.suffix == ".xml":
            controls += 1
        has_macros |= path.name == "vbaProject.bin"
    if embedded:
        context.attachments += embedded
        context.warnings.append(
            f"Embedded files were not read: {_listed(embedded)}. Upload them as separate documents."
        )
    if media:
        context.warnings.append(f"Sounds and films were not read: {_listed(media)}.")
    if controls:
        context.warnings.append(f"{controls:,} form controls (ActiveX) were not read.")
    if has_macros:
        context.warnings.append("The macros of the file were not read.")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MAX_LISTED]) + (", …" if len(names) > _MAX_LISTED else "")
