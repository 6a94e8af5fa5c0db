"""Files that reach `incoming/` other than by upload: hashed while they are written, named by chance. Runs in threads."""

import hashlib
import uuid
from collections.abc import Iterable
from pathlib import Path

from records.document import ReceivedFile

BLOCK = 1 << 20


def write_text(text: str, incoming: Path, filename: str) -> ReceivedFile:
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
