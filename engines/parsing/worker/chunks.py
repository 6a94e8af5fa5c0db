"""From placed blocks to chunks, one section at a time: what stands below different headings is never mixed.

Every chunk is one span of the document's text; the chunks in order cover all that is written in it. A heading's line
belongs to the first chunk below it, and is then left out of that chunk's context, so that nothing is embedded twice.
"""

from collections.abc import Iterable, Iterator

from engines.parsing.worker.block import BlockKind, is_heading
from engines.parsing.worker.composer import PlacedBlock
from engines.parsing.worker.context import Section
from engines.parsing.worker.pieces import Piece, pieces_of
from engines.parsing.worker.tokens import SPECIAL_TOKENS, Tokens
from records.document import BoundingBox, Chunking, NewChunk

_TARGET = 200 / 256
"""Of the most tokens: how full a chunk gets while there is something to cut between."""
_RUNT = 1 / 4
"""Of the target: what is smaller looks for a neighbour."""


class Chunker:
    """Holds two chunks at most: the one that grows, and the one before it, which a runt may still join."""

    def __init__(self, tokens: Tokens, chunking: Chunking, title: str | None) -> None:
        self._tokens = tokens
        self._chunking = chunking
        self._section = Section(tokens, title, (), chunking.max_tokens)
        self._levels: list[tuple[int, str]] = []
        self._title = title
        self._held: list[Piece] = []
        self._current: list[Piece] = []
        self._index = 0
        self.token_count = 0

    @property
    def _limit(self) -> int:
        return max(2, self._chunking.max_tokens - SPECIAL_TOKENS - self._section.context_tokens)

    @property
    def _target(self) -> int:
        return min(self._limit, round(self._chunking.max_tokens * _TARGET))

    def add(self, placed: PlacedBlock) -> Iterator[NewChunk]:
        block = placed.block
        if is_heading(block):
            yield from self._begin_section(block.level, block.text)
        elif block.kind is BlockKind.NOTE and self._levels:
            yield from self._begin_section(0, "")
        overlap = self._chunking.overlap_tokens
        longest = max(1, self._limit - overlap)
        headings = sum(piece.weight for piece in self._current) if self._is_only_headings() else 0
        room = max(1, longest - headings)
        for piece in pieces_of(placed, self._tokens, longest, room, fine=overlap > 0 and not is_heading(block)):
            self.token_count += piece.tokens
            yield from self._pack(piece)

    def finish(self) -> Iterator[NewChunk]:
        yield from self._end_section()

    def _is_only_headings(self) -> bool:
        return bool(self._current) and not self._held and all(piece.is_heading for piece in self._current)

    def _begin_section(self, level: int, heading: str) -> Iterator[NewChunk]:
        """A heading right below another one of a higher rank shares its chunk."""
        deeper = bool(self._levels) and level > self._levels[-1][0]
        if not (deeper and self._is_only_headings()):
            yield from self._end_section()
        self._levels = [above for above in self._levels if above[0] < level]
        if heading:
            self._levels.append((level, heading))
        path = tuple(text for _, text in self._levels)
        self._section = Section(self._tokens, self._title, path, self._chunking.max_tokens)

    def _pack(self, piece: Piece) -> Iterator[NewChunk]:
        filled = _weight(self._current)
        total = filled + piece.weight
        fits = total <= self._target or (filled < self._target * _RUNT and total <= self._limit)
        if self._current and not fits:
            yield from self._turn_over()
            overlap = self._overlap(room=self._limit - piece.weight)
            self._current = [*overlap, piece]
        else:
            self._current.append(piece)

    def _turn_over(self) -> Iterator[NewChunk]:
        """The chunk that grew is held; the one that was held is done."""
        yield from self._done(self._held)
        self._held, self._current = self._current, []

    def _end_section(self) -> Iterator[NewChunk]:
        own = [piece for piece in self._current if not self._held or piece.start >= self._held[-1].end]
        small = _weight(own) < self._target * _RUNT
        if self._held and small and _weight(self._held) + _weight(own) <= self._limit:
            self._held, self._current = self._held + own, []
        yield from self._done(self._held)
        yield from self._done(self._current)
        self._held, self._current = [], []

    def _overlap(self, room: int) -> list[Piece]:
        """The last words of the held chunk, as a piece of the next one."""
        wanted = min(self._chunking.overlap_tokens, room)
        if wanted <= 0:
            return []
        text, last = _joined(self._held), self._held[-1]
        spans = self._tokens.spans(text)
        if len(spans) > self._limit:  # it will be cut in two, and its second part must not begin behind the next chunk
            return []
        begin = spans[-wanted][0] if len(spans) > wanted else 0
        while 0 < begin < len(text) and not text[begin - 1].isspace():
            begin += 1
        start = self._held[0].start + begin
        if begin == 0 or begin >= len(text):
            return []
        return [Piece(text[begin:], start, "", self._tokens.count(text[begin:]), False, last.page, last.box)]

    def _done(self, pieces: list[Piece]) -> Iterator[NewChunk]:
        """Counted once more, as a whole: words cut in two may count differently together."""
        joined = _joined(pieces)
        text = joined.strip()
        if not text:
            return
        count = self._tokens.count(text)
        if count > self._limit and len(pieces) > 1:
            yield from self._done(pieces[: len(pieces) // 2])
            yield from self._done(pieces[len(pieces) // 2 :])
            return
        start = pieces[0].start + len(joined) - len(joined.lstrip())
        pages = [piece.page for piece in pieces if piece.page is not None]
        yield NewChunk(
            index=self._index,
            text=text,
            context=self._section.context_without({piece.text for piece in pieces if piece.is_heading}),
            headings=self._section.headings,
            start_offset=start,
            end_offset=start + len(text),
            page_start=min(pages, default=None),
            page_end=max(pages, default=None),
            token_count=count,
            bounding_box=_first_box(pieces),
        )
        self._index += 1


def _weight(pieces: Iterable[Piece]) -> int:
    return sum(piece.weight for piece in pieces)


def _joined(pieces: list[Piece]) -> str:
    return "".join((piece.glue if number else "") + piece.text for number, piece in enumerate(pieces))


def _first_box(pieces: list[Piece]) -> BoundingBox | None:
    """Around all that stands on the chunk's first page."""
    boxes = [piece.box for piece in pieces if piece.box]
    on_first = [box for box in boxes if box.page == boxes[0].page]
    if not on_first:
        return None
    return BoundingBox(
        page=on_first[0].page,
        left=min(box.left for box in on_first),
        top=min(box.top for box in on_first),
        right=max(box.right for box in on_first),
        bottom=max(box.bottom for box in on_first),
    )
