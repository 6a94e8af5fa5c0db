"""The data folder: created and locked before anything in it is read or changed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from settings import Settings, variable

LOCK_FILE = "server.lock"
"""Name of the locked file. The operating system releases the lock when the process ends, however it ends."""


class StartFailed(Exception):
    """The server cannot start. The message contains the reason and a remedy, and is shown without a traceback."""


@contextmanager
def open_data_folder(settings: Settings) -> Iterator[None]:
    """Create the folders that the settings name, and lock the data folder while the block is open.

    Raises `StartFailed` if a folder cannot be created or written, and if another server uses the data folder.
    """
    _require_writable(settings.data_dir, "data_dir")
    with _locked(settings.data_dir):
        _require_writable(settings.data_dir / "incoming", "data_dir")
        _require_folder(settings.models_folder, "models_dir" if settings.models_dir else "data_dir")
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / LOCK_FILE, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StartFailed(
            f"The data folder {folder} is in use by another Graphlore server. Stop that server, or choose another folder "
            f"with {variable('data_dir')} or --data-dir."
        ) from None
    except OSError as error:
        raise _unusable(folder, "locked", "data_dir", error) from error
    try:
        yield
    finally:
        lock.release()


def _require_writable(folder: Path, field: str) -> None:
    _require_folder(folder, field)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StartFailed(_advice(folder, "written: Permission denied", field))


def _require_folder(folder: Path, field: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, "created", field, error) from error


def _unusable(folder: Path, action: str, field: str, error: OSError) -> StartFailed:
    return StartFailed(_advice(folder, f"{action}: {error.strerror or error}", field))


def _advice(folder: Path, problem: str, field: str) -> str:
    return f"The folder {folder} cannot be {problem}. Change its permissions, or choose another one with {variable(field)}."
