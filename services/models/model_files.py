"""Model files on disk: the search in the models folder, readable names, and deletion. Everything here blocks.

File names need not be valid UTF-8. Python represents other bytes by unpaired surrogates, which no encoder accepts; paths are
therefore used as they are for files, and shown with question marks in place of these bytes.
"""

import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engines.inference.gguf.inspection import SPLIT_NAME, split_parts
from records.values.text import encodable

MAX_FILES = 2000
MAX_FOLDERS = 10_000
"""Maximum numbers of files found and folders read in one search. They are needed because a link can lead to a whole disk."""


@dataclass(slots=True)
class ModelFiles:
    """The result of a search: whole models and first parts of split ones, and what was left out."""

    paths: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    "Reasons why a part of the folder was not searched."


def find_model_files(folder: Path) -> ModelFiles:
    """Find the GGUF files in a folder and below it.

    Links to folders are followed. Each folder is searched once, so links may form loops; if a folder is below `folder`, its
    files are listed by their own paths and not by a link. A link to a file that does not exist is returned too, so that its
    model can be listed with the reason why it cannot be loaded.
    """
    found = ModelFiles()
    for entry in _walk(folder, found.problems):
        path = Path(entry.path)
        if entry.name.lower().endswith(".gguf") and _is_file_or_dead_link(entry) and _is_first_part(path):
            if len(found.paths) == MAX_FILES:
                found.problems.append(f"the models folder has more than {MAX_FILES:,} models; the others are ignored")
                break
            found.paths.append(path)
    return found


def _walk(folder: Path, problems: list[str]) -> Iterator[os.DirEntry[str]]:
    """Yield everything in a folder and below it. Linked folders come last."""
    own, linked = deque([str(folder)]), deque[str]()
    searched: set[tuple[int, int]] = set()
    while own or linked:
        current = own.popleft() if own else linked.popleft()
        if len(searched) == MAX_FOLDERS:
            problems.append(f"the models folder has more than {MAX_FOLDERS:,} folders; the others are ignored")
            return
        try:
            status = os.stat(current)
            if (status.st_dev, status.st_ino) in searched:
                continue
            searched.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"the folder {encodable(current)} cannot be searched: {error.strerror or error}")
            continue
        own.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        linked.extend(entry.path for entry in entries if entry.is_symlink() and Path(entry.path).is_dir())
        yield from entries


def _is_file_or_dead_link(entry: os.DirEntry[str]) -> bool:
    """Return False for folders, pipes and devices: reading a pipe would wait forever."""
    return Path(entry.path).is_file() or (entry.is_symlink() and not Path(entry.path).exists())


def _is_first_part(path: Path) -> bool:
    """Return whether a file represents its model: the first part, or the first that exists if others are missing."""
    parts = split_parts(path)
    return path == next((part for part in parts if part.exists()), path)


def display_name(path: Path) -> str:
    """Return the file name without its extension and part number."""
    split = SPLIT_NAME.match(path.name)
    return encodable(split["stem"] if split else path.stem)


def display_path(path: Path) -> Path:
    """Return the path as it can be shown. It is not the path of a file if the name is not valid UTF-8."""
    return Path(encodable(str(path)))


def delete_model_files(parts: tuple[Path, ...]) -> int:
    """Delete the files of a model and return the number of bytes that became free.

    A symbolic link is deleted without its target, which frees nothing. A file with another hard link frees nothing either.
    Parts that do not exist are ignored. Raises `OSError` if a file cannot be deleted.
    """
    freed = 0
    for part in parts:
        try:
            status = part.lstat()
            part.unlink()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            freed += status.st_size
    return freed
