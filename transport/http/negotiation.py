"""Content negotiation by `Accept`, as the GraphQL over HTTP specification defines it."""

from collections.abc import Iterator
from http import HTTPStatus

from transport.errors import RequestRejected

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HTML = "text/html"


def negotiate(accept: str | None) -> str:
    """Return JSON or GRAPHQL, whichever the client prefers; JSON if it has no preference.

    Raises `RequestRejected` with 406 if the client accepts neither.
    """
    best = max(((quality, -place, name) for place, (name, quality) in enumerate(_accepted(accept))), default=None)
    if best is None or best[0] <= 0:
        message = f"Responses are available as {GRAPHQL} and {JSON} in UTF-8. Accept one of them."
        raise RequestRejected(message, status=HTTPStatus.NOT_ACCEPTABLE)
    return best[2]


def prefers_html(accept: str | None) -> bool:
    """Return whether the request is a browser's: `Accept` contains HTML, but neither JSON nor GRAPHQL."""
    named = [name for name, _ in _ranges(accept)]
    return HTML in named and not {JSON, GRAPHQL} & set(named)


def _accepted(accept: str | None) -> Iterator[tuple[str, float]]:
    for name, quality in _ranges(accept or "*/*"):
        if name in (JSON, GRAPHQL):
            yield name, quality
        elif name in ("*/*", "application/*"):
            yield JSON, quality


def _ranges(accept: str | None) -> Iterator[tuple[str, float]]:
    """Yield each media range of `accept` with its quality from 0 to 1. Skip ranges with a charset other than UTF-8."""
    for part in (accept or "").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        charset = next((value[8:].strip('"') for value in parameters if value.startswith("charset=")), "utf-8")
        if charset in ("utf-8", "utf8"):
            yield name, _parse_quality(quality)


def _parse_quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
