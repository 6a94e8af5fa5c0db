"""What does not change while the server runs: the system and the programs' versions."""

import platform
import socket

from records.system import HostInfo


def read_host(version: str) -> HostInfo:
    """`version` is Graphlore's own."""
    return HostInfo(
        hostname=socket.gethostname(),
        os=_system(),
        kernel=platform.release(),
        machine=platform.machine(),
        python=platform.python_version(),
        version=version,
    )


def _system() -> str:
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
