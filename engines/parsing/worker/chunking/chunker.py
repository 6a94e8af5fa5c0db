"""The chunker: packs blocks into chunks, one section at a time, so that text below different headings is never mixed.

Every chunk is one span of the document's text, and the chunks together cover all of it. A heading is part of the first chunk
below it and is then omitted from that chunk's context, so that it is not embedded twice.
"""

from collections.abc import Iterable, Iterator

from engines.parsing.worker.blocks.block import BlockKind, is_heading
from engines.parsing.worker.blocks.text_builder import PlacedBlock
from engines.parsing.worker.chunking.block_splitter import BlockPart, split_block
from engines.parsing.worker.chunking.section import Section
from engines.parsing.worker.chunking.token_counter import SPECIAL_TOKENS, TokenCounter
from records.document import BoundingBox, Chunking, NewChunk

_TARGET_FILL = 200 / 256
"""Share of the maximum number of tokens that a chunk is filled to, if the text can be cut there."""
_TABLE_FILL = _TARGET_FILL / 2
"""The same share for table rows. A row often names its section and columns, so that fewer rows make a sharper vector."""
_MIN_FILL = 1 / 4
"""Share of the target below which a chunk is merged with a neighbour in its section."""


class Chunker:
    """Packs blocks into chunks.

    Keeps at most two chunks: the current one, and the previous one, with which a small last chunk may be merged.
    """

    def __init__(self, tokens: TokenCounter, chunking: Chunking, titles: tuple[str, ...]) -> None:
        self._tokens = tokens
        self._chunking = chunking
        self._section = Section(tokens, titles, (), chunking.max_tokens)
        self._levels: list[tuple[int, str]] = []
        self._titles = titles
        self._previous: list[BlockPart] = []
        self._current: list[BlockPart] = []
        self._index = 0
        self.token_count = 0

    @property
    def _limit(self) -> int:
        """Tokens that the text of a chunk may have next to its context."""
        return max(2, self._chunking.max_tokens - SPECIAL_TOKENS - self._section.context_tokens)

    def _target(self, part: BlockPart) -> int:
        """Return the number of tokens up to which a chunk is filled with such parts."""
        fill = _TABLE_FILL if part.is_table_row else _TARGET_FILL
        return min(self._limit, round(self._chunking.max_tokens * fill))

    def add(self, placed: PlacedBlock) -> Iterator[NewChunk]:
        """Add a block and yield the chunks that are complete."""
        block = placed.block
        if is_heading(block):
            yield from self._begin_section(block.level, block.text)
        elif block.kind is BlockKind.NOTE and self._levels:
            yield from self._begin_section(0, "")
        overlap = self._chunking.overlap_tokens
        limit = max(1, self._limit - overlap)
        headings = sum(part.weight for part in self._current) if self._has_only_headings() else 0
        room = max(1, limit - headings)
        by_sentence = overlap > 0 and not is_heading(block)
        for part in split_block(placed, self._tokens, limit, room, by_sentence=by_sentence):
            self.token_count += part.tokens
            yield from self._pack(part)

    def finish(self) -> Iterator[NewChunk]:
        """Yield the last chunks."""
        yield from self._end_section()

    def _has_only_headings(self) -> bool:
        return bool(self._current) and not self._previous and all(part.is_heading for part in self._current)

    def _begin_section(self, level: int, heading: str) -> Iterator[NewChunk]:
        """Start a section. A heading directly below a higher one shares its chunk."""
        deeper = bool(self._levels) and level > self._levels[-1][0]
        if not (deeper and self._has_only_headings()):
            yield from self._end_section()
        self._levels = [above for above in self._levels if above[0] < level]
        if heading:
            self._levels.append((level, heading))
        path = tuple(text for _, text in self._levels)
        self._section = Section(self._tokens, self._titles, path, self._chunking.max_tokens)

    def _pack(self, part: BlockPart) -> Iterator[NewChunk]:
        """Add a part to the current chunk, or start the next chunk with it if the current one is full."""
        filled = _weight(self._current)
        total, target = filled + part.weight, self._target(part)
        fits = total <= target or (filled < target * _MIN_FILL and total <= self._limit)
        if self._current and not fits:
            yield from self._close_current()
            overlap = self._overlap(room=self._limit - part.weight)
            self._current = [*overlap, part]
        else:
            self._current.append(part)

    def _close_current(self) -> Iterator[NewChunk]:
        """Yield the previous chunk; the current one becomes the previous one."""
        yield from self._chunks_of(self._previous)
        self._previous, self._current = self._current, []

    def _end_section(self) -> Iterator[NewChunk]:
        own = [part for part in self._current if not self._previous or part.start >= self._previous[-1].end]
        is_small = not own or _weight(own) < self._target(own[-1]) * _MIN_FILL
        if self._previous and is_small and _weight(self._previous) + _weight(own) <= self._limit:
            self._previous, self._current = self._previous + own, []
        yield from self._chunks_of(self._previous)
        yield from self._chunks_of(self._current)
        self._previous, self._current = [], []

    def _overlap(self, room: int) -> list[BlockPart]:
        """Return the last words of the previous chunk as the first part of the next one; empty without an overlap."""
        wanted = min(self._chunking.overlap_tokens, room)
        if wanted <= 0:
            return []
        text, last = _joined(self._previous), self._previous[-1]
        spans = self._tokens.spans(text)
        if (
            len(spans) > self._limit
        ):  # The previous chunk will be cut; its second part must not begin after the next chunk.
            return []
        begin = spans[-wanted][0] if len(spans) > wanted else 0
        while 0 < begin < len(text) and not text[begin - 1].isspace():
            begin += 1
        start = self._previous[0].start + begin
        if begin == 0 or begin >= len(text):
            return []
        return [BlockPart(text[begin:], start, "", self._tokens.count(text[begin:]), page=last.page, box=last.box)]

    def _chunks_of(self, parts: list[BlockPart]) -> Iterator[NewChunk]:
        """Yield the chunk of these parts, or two if the joined text has more tokens than its parts and exceeds the limit."""
        joined = _joined(parts)
        text = joined.strip()
        if not text:
            return
        count = self._tokens.count(text)
        if count > self._limit and len(parts) > 1:
            yield from self._chunks_of(parts[: len(parts) // 2])
            yield from self._chunks_of(parts[len(parts) // 2 :])
            return
        start = parts[0].start + len(joined) - len(joined.lstrip())
        pages = [part.page for part in parts if part.page is not None]
        yield NewChunk(
            index=self._index,
            text=text,
            context=self._section.context_without({part.text for part in parts if part.is_heading}),
            headings=self._section.headings,
            start_offset=start,
            end_offset=start + len(text),
            page_start=min(pages, default=None),
            page_end=max(pages, default=None),
            token_count=count,
            bounding_box=_box_on_first_page(parts),
        )
        self._index += 1


def _weight(parts: Iterable[BlockPart]) -> int:
    return sum(part.weight for part in parts)


def _joined(parts: list[BlockPart]) -> str:
    return "".join((part.separator if number else "") + part.text for number, part in enumerate(parts))


def _box_on_first_page(parts: list[BlockPart]) -> BoundingBox | None:
    """Return the box around the parts on the chunk's first page; None for a format without positions."""
    boxes = [part.box for part in parts if part.box]
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
