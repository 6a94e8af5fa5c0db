"""Files that reach `incoming/` other than by upload: hashed while they are written, named by chance. Runs in threads."""

import codecs
import hashlib
import re
import uuid
from collections.abc import Iterable
from pathlib import Path

from records.document import ReceivedFile

BLOCK = 1 << 20
NAMED_WITHIN = 2048
"Characters at least in which readers look for an encoding's name; of a long text, the first twentieth."
_NAMES_ANOTHER = re.compile(r"<(\?xml|meta)\b[^<>]*\b(encoding|charset)\s*=\s*[\"']?(?!utf-?8)\w", re.I)


def write_text(text: str, incoming: Path, filename: str) -> ReceivedFile:
    """In UTF-8, marked as such where the text itself names another encoding: readers believe the mark first."""
    if _NAMES_ANOTHER.search(text[: max(NAMED_WITHIN, len(text) // 20)]):
        text = codecs.BOM_UTF8.decode() + text
    return receive(
        (text[at : at + BLOCK].encode("utf-8", "replace") for at in range(0, len(text), BLOCK)), incoming, filename
    )


def copy_file(source: Path, incoming: Path) -> ReceivedFile:
    with source.open("rb") as opened:
        return receive(iter(lambda: opened.read(BLOCK), b""), incoming, source.name)


def receive(blocks: Iterable[bytes], incoming: Path, filename: str) -> ReceivedFile:
    incoming.mkdir(parents=True, exist_ok=True)
    path = incoming / f"{uuid.uuid4().hex}.part"
    digest = hashlib.sha256()
    size = 0
    with path.open("xb") as file:
        for block in blocks:
            digest.update(block)
            size += len(block)
            file.write(block)
    return ReceivedFile(path, filename, size, digest.hexdigest())
