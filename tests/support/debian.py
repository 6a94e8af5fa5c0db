"""Documents as Debian's packages carry them, read where the packages put them: nothing of them is kept here."""

import gzip
from pathlib import Path

import pytest

PACKAGES = ("bzip2-doc", "distro-info-data", "libtasn1-doc", "shared-mime-info")
"""1.6 MB to fetch; `.ci/run` installs them."""
IS_DEBIAN = Path("/usr/bin/dpkg").exists()
INSTALL = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
_SHARE = Path("/usr/share")


def debian_file(place: str) -> Path:
    """`place` is below /usr/share. Where it is missing, the test fails and says how to get it."""
    path = _SHARE / place
    if not path.exists():
        pytest.fail(f"{path} is missing, which these tests read. As root: {INSTALL}", pytrace=False)
    return path


def unpacked(place: str, folder: Path) -> Path:
    """A copy of a file that is kept as .gz."""
    packed = debian_file(place)
    path = folder / packed.stem
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path
