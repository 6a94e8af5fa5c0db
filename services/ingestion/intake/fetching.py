"""Fetching of documents from the web: http and https only, limited in size, time and redirects."""

from collections.abc import Sequence
from urllib.parse import unquote, urljoin, urlsplit

import anyio
import httpcore
from httpcore import AsyncNetworkBackend

from records.document import ReceivedFile
from records.errors import InvalidInput
from services.ingestion.intake.address_guard import FIELD, GuardedNetwork, Resolve, resolve
from services.ingestion.intake.incoming_files import IncomingFile

MAX_REDIRECTS = 5
MAX_SECONDS = 100.0
"""Time limit for a whole file: less than the 120 seconds of a mutation, so that the client learns of the outcome."""
SILENCE_SECONDS = {"connect": 10.0, "read": 30.0, "write": 30.0, "pool": 10.0}
"""Time limits in seconds for a server that does not answer, by the step that waits for it."""
HEADERS: Sequence[tuple[str, str]] = (
    ("User-Agent", "Graphlore"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
)
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Fetcher:
    """Fetches files from public addresses."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve,
        network: AsyncNetworkBackend | None = None,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        """Create a fetcher.

        `allow_private` permits addresses of this machine and its network. By default, `network` is that of the system.
        `max_seconds` is the time limit for a whole file.
        """
        self._max_seconds = max_seconds
        self._network = GuardedNetwork(resolve, network or httpcore.AnyIOBackend(), allow_private=allow_private)

    async def fetch(self, url: str, file: IncomingFile) -> tuple[ReceivedFile, str]:
        """Write the file at an address into `file`; return it, and the address after all redirects.

        Raises `InvalidInput` if the address is rejected, fails or is too slow, `TooLarge` if the file exceeds the upload
        limit, and `DiskFull` if the disk is full.
        """
        try:
            with anyio.fail_after(self._max_seconds):
                return await self._fetch(url, file)
        except TimeoutError as cause:
            message = (
                f"The file did not arrive within {self._max_seconds:.0f} seconds. Download it and upload the file."
            )
            raise InvalidInput(message, field=FIELD) from cause
        except httpcore.TimeoutException as cause:
            raise InvalidInput("The server at this address does not answer. Try again later.", field=FIELD) from cause
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as cause:
            message = "The connection to this address failed. Check the address and try again."
            raise InvalidInput(message, field=FIELD) from cause

    async def _fetch(self, url: str, file: IncomingFile) -> tuple[ReceivedFile, str]:
        async with httpcore.AsyncConnectionPool(network_backend=self._network) as pool:
            for _ in range(MAX_REDIRECTS + 1):
                _check_address(url)
                extensions = {"timeout": SILENCE_SECONDS}
                async with pool.stream("GET", url, headers=list(HEADERS), extensions=extensions) as response:
                    target = _redirect_target(response)
                    if target is not None:
                        url = urljoin(url, target)
                        continue
                    if response.status != 200:
                        message = f"The address answered with HTTP status {response.status} instead of a file."
                        raise InvalidInput(message, field=FIELD)
                    async for block in response.aiter_stream():
                        await file.write(block)
                    return await file.finish(_filename(url)), url
        raise InvalidInput(f"The address redirects more than {MAX_REDIRECTS} times.", field=FIELD)


def _redirect_target(response: httpcore.Response) -> str | None:
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    return headers.get(b"location") or None if response.status in REDIRECTS else None


def _filename(url: str) -> str:
    """Return the last part of the path, or the host if the path is empty."""
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rsplit("/", 1)[-1]) or parts.netloc


def _check_address(url: str) -> None:
    """Raise `InvalidInput` unless this is a complete http or https address without a password."""
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise InvalidInput(
            "This is not an address. Pass one such as https://example.org/paper.pdf.", field=FIELD
        ) from None
    if parts.scheme not in ("http", "https") or not is_complete:
        message = "The address must begin with http:// or https:// and name a host."
        raise InvalidInput(message, field=FIELD)
    if parts.username is not None or parts.password is not None:
        message = "The address contains a user name or password, which would be stored. Remove it."
        raise InvalidInput(message, field=FIELD)
