"""Which media type a response has, as the specification of GraphQL over HTTP says."""

from collections.abc import Iterator
from http import HTTPStatus

from transport.security.refusals import RequestRefused

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HTML = "text/html"


def negotiate(accept: str | None) -> str:
    """JSON or GRAPHQL, whichever the client would rather have; JSON where it says nothing. Refused with 406 otherwise."""
    best = max(((quality, -place, name) for place, (name, quality) in enumerate(_accepted(accept))), default=None)
    if best is None or best[0] <= 0:
        message = f"Responses are {GRAPHQL} or {JSON}."
        raise RequestRefused(message, status=HTTPStatus.NOT_ACCEPTABLE)
    return best[2]


def wants_page(accept: str | None) -> bool:
    """Whether a browser's address bar asks: it names HTML and no JSON."""
    named = [name for name, _ in _ranges(accept)]
    return HTML in named and not {JSON, GRAPHQL} & set(named)


def _accepted(accept: str | None) -> Iterator[tuple[str, float]]:
    for name, quality in _ranges(accept or "*/*"):
        if name in (JSON, GRAPHQL):
            yield name, quality
        elif name in ("*/*", "application/*"):
            yield JSON, quality


def _ranges(accept: str | None) -> Iterator[tuple[str, float]]:
    for part in (accept or "").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        charset = next((value[8:].strip('"') for value in parameters if value.startswith("charset=")), "utf-8")
        if charset in ("utf-8", "utf8"):
            yield name, _number(quality)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
