"""Waiting until files, and their names in folders, are on the disk for good. Blocks: to be called in a thread."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """A file's bytes, or the names that stand in a folder."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders, and writes their names at once
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
