"""Files that are handed out as attachments: never shown by the browser in this server's name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Download:
    """`filename` is what the client will call it; any characters, as it is sent by RFC 5987."""

    path: Path
    filename: str
    media_type: str = "application/octet-stream"


POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Whatever a browser does with a file in spite of all: no script of it runs, and never in this server's name."""

SEPARATORS = str.maketrans("/\\", "__")

Find: TypeAlias = Callable[[Request, str], Awaitable[Download | None]]
"""Looks up what the path's `id` means; None where there is nothing."""


def download_route(path: str, find: Find) -> Route:
    """A route for a path with `{id}`. Ranges and conditional requests are answered as `FileResponse` does."""

    async def download(request: Request) -> Response:
        found = await find(request, request.path_params["id"])
        if found is None:
            return PlainTextResponse("There is nothing here.", 404)
        return FileResponse(
            found.path,
            media_type=found.media_type,
            filename=sent_name(found.filename),
            content_disposition_type="attachment",
            headers={"Cache-Control": "private, no-cache", "Content-Security-Policy": POLICY},
        )

    return Route(path, download, methods=["GET"])


def sent_name(filename: str) -> str:
    """A name that is no path and that can be sent: half a surrogate pair cannot."""
    return filename.translate(SEPARATORS).encode("utf-8", "replace").decode()
