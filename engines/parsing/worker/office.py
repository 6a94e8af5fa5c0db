"""What PowerPoint and Excel files share: core properties, which neither docling nor openpyxl's fast reading gives."""

import zipfile
from pathlib import Path

from engines.parsing.cleaning import one_line
from engines.parsing.worker.trees import local_name, tree_of

_CORE = "docProps/core.xml"
_NAMES = {
    "title": "title",
    "creator": "author",
    "subject": "subject",
    "keywords": "keywords",
    "description": "comments",
    "category": "category",
    "lastModifiedBy": "last_modified_by",
    "created": "created",
    "modified": "modified",
}


def core_properties(path: Path) -> dict[str, str]:
    """Those that say something; the archive has been checked."""
    with zipfile.ZipFile(path) as archive:
        if _CORE not in archive.namelist():
            return {}
        root = tree_of(archive.read(_CORE)).root
    found = {_NAMES.get(local_name(element), ""): one_line(element.text or "") for element in root}
    return {name: value for name, value in found.items() if name and value}
