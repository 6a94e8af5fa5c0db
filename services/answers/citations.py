"""Citations: passages that an answer is given, and which of them it names."""

import re
from collections.abc import Sequence
from dataclasses import replace

from records.retrieval import RetrievalHit
from records.session import CitationRecord
from services.interfaces.document_store import DocumentStore
from services.prompts import Passage

_MARKERS = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


async def cite(hits: Sequence[RetrievalHit], documents: DocumentStore) -> tuple[Passage, ...]:
    """Number the hits from 1 as passages; one whose quote is not its document's text any more is left out."""
    passages: list[Passage] = []
    for hit in hits:
        chunk = hit.chunk
        span = await documents.text(chunk.document_id, chunk.start_offset, chunk.end_offset - chunk.start_offset)
        if span == chunk.text:
            passages.append(Passage(_citation(len(passages) + 1, hit), chunk.headings))
    return tuple(passages)


def _citation(marker: int, hit: RetrievalHit) -> CitationRecord:
    chunk = hit.chunk
    return CitationRecord(
        marker=marker,
        document_id=hit.document.id,
        chunk_id=chunk.id,
        document_name=hit.document.name,
        quote=chunk.text,
        page=chunk.page_start,
        score=hit.score,
        used=False,
        start_offset=chunk.start_offset,
        end_offset=chunk.end_offset,
        bounding_box=chunk.bounding_box,
    )


def mark_used(citations: Sequence[CitationRecord], answer: str) -> tuple[CitationRecord, ...]:
    """Tell which markers the answer names, as [1] or [1, 3]; a marker without a passage matches nothing."""
    named = {int(number) for group in _MARKERS.findall(answer) for number in group.split(",")}
    return tuple(replace(citation, used=citation.marker in named) for citation in citations)
