"""Documentation from Debian's packages, read where the packages install it. No copies are committed."""

import gzip
from pathlib import Path

import pytest

PACKAGES = ("bzip2-doc", "distro-info-data", "libtasn1-doc", "shared-mime-info")
"""Packages with the manuals that tests read, a download of 1.6 MB. `.ci/run` installs them."""
IS_DEBIAN = Path("/usr/bin/dpkg").exists()
INSTALL = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
_SHARE = Path("/usr/share")


def debian_file(place: str) -> Path:
    """Return the path of a file below /usr/share. If it is missing, fail the test with the install command."""
    path = _SHARE / place
    if not path.exists():
        pytest.fail(f"{path}, which this test reads, is not installed. Run as root: {INSTALL}", pytrace=False)
    return path


def unpacked(place: str, folder: Path) -> Path:
    """Decompress a .gz file into a folder and return the path of the copy."""
    packed = debian_file(place)
    path = folder / packed.stem
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path
