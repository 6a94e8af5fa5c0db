"""GraphiQL with the documents panel, from local files: the page loads nothing from other hosts."""

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

FOLDER = Path(__file__).parent / "graphiql"
FILES = {
    "page.js": (FOLDER, "text/javascript"),
    "uploads.js": (FOLDER, "text/javascript"),
    "page.css": (FOLDER, "text/css"),
    "graphiql.min.js": (FOLDER / "dist", "text/javascript"),
    "graphiql.min.css": (FOLDER / "dist", "text/css"),
    "graphql-ws.min.js": (FOLDER / "dist", "text/javascript"),
    "react.production.min.js": (FOLDER / "dist", "text/javascript"),
    "react-dom.production.min.js": (FOLDER / "dist", "text/javascript"),
}
MENU_STYLE = "'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='"
"""Hash of the only inline style of GraphiQL 3.8, which it sets while a menu is open.

Without this permission the page works, but the browser logs an error.
"""
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {MENU_STYLE}; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Page:
    """The HTML of the page. Its addresses are relative, so that it works under any path of a reverse proxy."""

    html: str

    def response(self) -> Response:
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "Vary": "Accept"}
        return HTMLResponse(self.html, headers=headers)


def load_page() -> Page:
    return Page((FOLDER / "page.html").read_text(encoding="utf-8"))


def page_routes(page: Page) -> list[BaseRoute]:
    """Return the routes of the page at `/` and of the files that it loads."""

    async def show(_: Request) -> Response:
        return page.response()

    return [Route("/", show), Route("/graphiql/{name}", _send_file)]


async def _send_file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in FILES:
        return PlainTextResponse("Not found", 404)
    folder, media_type = FILES[name]
    if not (folder / name).exists():
        return PlainTextResponse("The files of GraphiQL are not built. Run `make setup`.", 503)
    return FileResponse(folder / name, media_type=media_type, headers={"Cache-Control": "no-cache"})
