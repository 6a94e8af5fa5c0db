"""The server's secret keys: random master keys in a file that only the server's user can read."""

import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from persistence.fsync import sync

KEY_BYTES = 32
FILE_NAME = "master-keys.json"


class _MasterKey(msgspec.Struct, frozen=True):
    id: str
    key: bytes


class SecretKeyFile:
    """Implements `services.interfaces.access.secret_keys.SecretKeys`. Created by `load_secret_keys`."""

    def __init__(self, masters: list[_MasterKey]) -> None:
        self._masters = masters

    def current(self, purpose: str) -> tuple[str, bytes]:
        newest = self._masters[0]
        return newest.id, _derive(newest.key, purpose)

    def find(self, key_id: str, purpose: str) -> bytes | None:
        return next((_derive(master.key, purpose) for master in self._masters if master.id == key_id), None)


def load_secret_keys(folder: Path) -> SecretKeyFile:
    """Read the master keys in a folder. If there are none, create the folder and one key.

    Raises `OSError` if the file cannot be read or written, and `ValueError` if it is damaged.
    """
    path = folder / FILE_NAME
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, [_new_key()])
    return SecretKeyFile(_read(path))


def rotate_secret_keys(folder: Path) -> str:
    """Replace the master key, and return the id of the new one. Nothing that the old one signed stays valid."""
    path = folder / FILE_NAME
    newest = _new_key()
    _write(path, [newest])
    return newest.id


def _read(path: Path) -> list[_MasterKey]:
    try:
        masters = msgspec.json.decode(path.read_bytes(), type=list[_MasterKey])
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if not masters or any(len(master.key) != KEY_BYTES for master in masters):
        raise ValueError(f"{path} is damaged: it has no key of {KEY_BYTES} bytes")
    return masters


def _write(path: Path, masters: list[_MasterKey]) -> None:
    """Replace the file at once: a crash leaves the old file or the new one."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(masters))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def _new_key() -> _MasterKey:
    return _MasterKey(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES))


def _derive(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"graphlore: {purpose}".encode()).derive(master)
