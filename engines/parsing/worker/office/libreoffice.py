"""Conversion of old formats by LibreOffice, in a process of its own with a fresh profile and a time limit."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from engines.parsing.formats.legacy import find_libreoffice, requirement
from engines.parsing.parsing_limits import above_limit
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

SECONDS = 180.0
"""Time limit of a conversion, including the start of LibreOffice, which takes a few seconds."""
_PR_SET_PDEATHSIG = 1
_RESTART = 81
"""Exit status with which LibreOffice requests a restart, for example after it has created a new profile."""
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>0</value></prop>
</item>
</oor:items>
"""
"""Settings of the profile: no macros, and no loading of linked files."""


@contextmanager
def converted(path: Path, extension: str, target: str, seconds: float = SECONDS) -> Iterator[Path]:
    """Convert a file and yield the result, which is deleted afterwards.

    `extension` is that of the file, with its dot; `target` is a format of LibreOffice such as `docx`. Raises
    `DocumentUnreadable`: UNSUPPORTED if LibreOffice is not installed, CORRUPT_DOCUMENT if it cannot read the file,
    PARSER_LIMIT if it takes too long.
    """
    program = find_libreoffice()
    if program is None:
        raise DocumentUnreadable(ErrorCode.UNSUPPORTED, requirement() or "LibreOffice is not installed on the server.")
    with TemporaryDirectory(prefix="graphlore-libreoffice-") as folder:
        source = Path(folder, f"document{extension}")
        source.symlink_to(path.resolve())
        _write_profile(Path(folder, "profile"))
        command = _command(program, Path(folder), source, target)
        if _run(command, Path(folder), seconds) == _RESTART:
            _run(command, Path(folder), seconds)
        result = source.with_suffix(f".{target}")
        if not result.is_file():
            raise DocumentUnreadable(
                ErrorCode.CORRUPT_DOCUMENT,
                "LibreOffice cannot read the file, which may be damaged or encrypted. Save it as .docx, .pptx or PDF and "
                "upload that.",
            )
        yield result


def _write_profile(profile: Path) -> None:
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")


def _command(program: str, folder: Path, source: Path, target: str) -> list[str]:
    """Return the command of a conversion.

    It starts LibreOffice's binary without the launcher script, so that the binary is the direct child and can be ended.
    """
    binary = Path(program).resolve().with_name("soffice.bin")
    return [
        str(binary) if binary.is_file() else program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
        "--norestore", "--nolockcheck", "--convert-to", target, "--outdir", str(folder), str(source),
    ]  # fmt: skip


def _run(command: list[str], folder: Path, seconds: float) -> int:
    """Run a command in a process group of its own and return its exit status.

    All processes of the group are killed when the command has ended or its time is over.
    """
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8",
                   "SAL_USE_VCLPLUGIN": "svp"}  # fmt: skip
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        process_group=0, preexec_fn=_die_with_parent,
    )  # fmt: skip
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise above_limit(
            f"LibreOffice did not convert the file within {seconds:,.0f} seconds. "
            "Save it as .docx, .pptx or PDF and upload that."
        ) from None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _die_with_parent() -> None:
    """Request that Linux kills this child process when the parsing process ends.

    It runs in the child before the command. The child inherits the resource limits of the parsing process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
