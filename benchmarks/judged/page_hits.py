"""Share of the questions for which a place with the answer is among the first hits, by Graphlore's own search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from benchmarks.judged.collection import MEDIA_TYPES, JudgedFolder, Question
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParsedChunks, ParsedText
from engines.parsing.worker.extraction import Extraction
from engines.parsing.worker.parse_context import ParseContext
from records.document import Chunking, ChunkRecord, DocumentRecord, DocumentSource, NewDocument
from records.retrieval import SearchedDocuments, SearchMode
from services.retrieval.ranking_steps import RankingSteps
from tests.access import LOCAL
from tests.support.library import Library, open_library

DEPTHS = (5, 10)
"""Numbers of first hits among which a page counts as found."""


@dataclass(frozen=True, slots=True)
class Place:
    """A hit: its document, the first and the last page of the passage, and its text."""

    document: str
    first: int
    last: int
    text: str = ""


Places = Sequence[Place]
"""Hits, best first."""


@dataclass(slots=True)
class PageHits:
    """The questions that were answered among the first hits, by scope and number of hits."""

    questions: list[Question]
    found: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    "Indexes of questions, by scope (`inside` the document, or among `all`) and number of hits."

    def add(self, scope: str, index: int, hits: Places) -> None:
        """Record the hits of a question."""
        for depth in DEPTHS:
            known = self.found.setdefault((scope, depth), set())
            if _has_page(hits[:depth], self.questions[index]):
                known.add(index)

    def share(self, scope: str, depth: int, document: str | None = None) -> float:
        """Return the share of the questions, about one document or all, with a page among the first hits."""
        indexes = [index for index, each in enumerate(self.questions) if document in (None, each.document)]
        return sum(index in self.found[scope, depth] for index in indexes) / max(1, len(indexes))


def _has_page(hits: Places, question: Question) -> bool:
    return any(hit.document == question.document and _answers(hit, question) for hit in hits)


def _answers(hit: Place, question: Question) -> bool:
    """Return whether a hit is on a page with the answer, or contains the quote."""
    if question.quote is not None:
        return " ".join(question.quote.split()) in " ".join(hit.text.split())
    return any(hit.first <= page <= hit.last for page in question.pages)


async def search_pages(
    folder: JudgedFolder, data: Path, chunking: Chunking, mode: SearchMode, variants: Mapping[str, RankingSteps]
) -> dict[str, PageHits]:
    """Read all documents, and search for each question inside its document and among all, with each variant of the steps.

    The mode KEYWORD embeds nothing.
    """
    found = {}
    async with open_library(data) as library:
        records = {name: await _add(library, path, chunking) for name, path in folder.documents.items()}
        if mode is not SearchMode.KEYWORD:
            await library.embed()
        for name, steps in variants.items():
            found[name] = await _search_all(
                replace(library, retriever=library.make_retriever(steps)), folder, records, mode
            )
    return found


async def _search_all(
    library: Library, folder: JudgedFolder, records: Mapping[str, DocumentRecord], mode: SearchMode
) -> PageHits:
    hits = PageHits(folder.questions)
    names = {record.id: name for name, record in records.items()}
    for index, question in enumerate(folder.questions):
        for scope, ids in (("inside", SearchedDocuments((records[question.document].id,))), ("all", None)):
            found = await library.search(question.text, max(DEPTHS), searched=ids, mode=mode)
            hits.add(scope, index, [_place(names[hit.chunk.document_id], hit.chunk) for hit in found.hits])
    return hits


def _place(document: str, chunk: ChunkRecord) -> Place:
    return Place(document, chunk.page_start or 0, chunk.page_end or 0, chunk.text)


async def _add(library: Library, path: Path, chunking: Chunking) -> DocumentRecord:
    content = path.read_bytes()
    media_type = MEDIA_TYPES[path.suffix]
    digest = sha256(content).hexdigest()
    new = NewDocument(path.name, media_type, len(content), digest, DocumentSource.UPLOAD, chunking=chunking)
    document, _ = await library.documents.add(LOCAL, new)
    context = ParseContext(path, path.name, media_type, ParsingLimits())
    extraction = Extraction(context, chunking, library.tokens)
    for event in extraction.events():
        if isinstance(event, ParsedText):
            await library.ingested.append_text(document.id, event.start, event.text)
        elif isinstance(event, ParsedChunks):
            await library.ingested.add_chunks(document.id, event.chunks)
    return await library.ingested.finish_parsing(document.id, extraction.document)
