"""A file system of a few megabytes that tests fill and free."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """The folder of a small file system."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self) -> None:
        """Use up all space."""
        with self._filler.open("ab") as filler:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        os.write(filler.fileno(), b"\0" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Release the space that `fill` has used."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, template: Path | None, size: int) -> Iterator[SmallDisk]:
    """Mount a file system of `size` bytes, with a copy of `template`, a database, unless it is None.

    Skips the test if this process may not mount file systems.
    """
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not allow to mount a small file system")
    try:
        if template is not None:
            shutil.copy(template, folder / "graphlore.db")
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
