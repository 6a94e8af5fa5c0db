"""Programs that tests and benchmarks use if they are installed."""

import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class ProgramMissing(Exception):
    """A program is not installed."""


def find_browser(path: str | None = None) -> str:
    """Return the path of Chromium. Raises `ProgramMissing`."""
    for name in BROWSERS:
        if found := shutil.which(name, path=path):
            return found
    raise ProgramMissing("No Chromium was found. Install it; on Debian: apt-get install chromium")


def find_office() -> str:
    """Return the path of LibreOffice. Raises `ProgramMissing`."""
    if found := shutil.which("soffice"):
        return found
    raise ProgramMissing("No LibreOffice was found. Install it; on Debian: apt-get install libreoffice-writer")
