"""Files that are sent as attachments, so that a browser never displays them as pages of this server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Download:
    """A file to send. `filename` is its name for the client. Any characters are allowed; they are encoded by RFC 5987."""

    path: Path
    filename: str
    media_type: str = "application/octet-stream"


POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Content security policy: no script of a file runs, even if a browser displays the file."""

SEPARATORS = str.maketrans("/\\", "__")

Find: TypeAlias = Callable[[Request, str], Awaitable[Download | None]]
"""A function that returns the download for the `id` in the path of a request; None if there is none."""


def download_route(path: str, find: Find) -> Route:
    """Return a route that sends the file that `find` returns for the `{id}` in the path.

    Starlette's `FileResponse` handles range requests and conditional requests.
    """

    async def download(request: Request) -> Response:
        found = await find(request, request.path_params["id"])
        if found is None:
            return PlainTextResponse("Not found", 404)
        return FileResponse(
            found.path,
            media_type=found.media_type,
            filename=sanitized_name(found.filename),
            content_disposition_type="attachment",
            headers={"Cache-Control": "private, no-cache", "Content-Security-Policy": POLICY},
        )

    return Route(path, download, methods=["GET"])


def sanitized_name(filename: str) -> str:
    """Return a name without path separators and without half surrogate pairs, which cannot be sent."""
    return filename.translate(SEPARATORS).encode("utf-8", "replace").decode()
