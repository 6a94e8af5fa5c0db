"""Core properties of PowerPoint and Excel files, which docling and openpyxl's streaming reader do not return."""

import zipfile
from pathlib import Path

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.xml_tree import local_name, parse_xml

_CORE_PART = "docProps/core.xml"
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
    """Return the properties of a file that are not empty, by their names. Check the archive first (`check_archive`)."""
    with zipfile.ZipFile(path) as archive:
        if _CORE_PART not in archive.namelist():
            return {}
        root = parse_xml(archive.read(_CORE_PART)).root
    found = {_NAMES.get(local_name(element), ""): one_line(element.text or "") for element in root}
    return {name: value for name, value in found.items() if name and value}
