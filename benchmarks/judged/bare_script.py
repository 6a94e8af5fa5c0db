"""A search as a short script has it: pdfium text in windows of 110 words, FTS5 and the bundled embedder, min-max fusion."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from benchmarks.judged.collection import JudgedFolder
from benchmarks.judged.page_hits import DEPTHS, PageHits, Place
from engines.embedding import document_worker, open_embedder, prompt_worker
from records.retrieval import SearchMode

_WINDOW = 110
_BATCH = 256


def _windows(folder: JudgedFolder) -> Iterator[tuple[str, int, str]]:
    """Yield the windows of all pages: document, page and text."""
    for name, path in folder.documents.items():
        if path.suffix != ".pdf":
            words = path.read_text(encoding="utf-8").split()
            yield from ((name, 0, " ".join(words[start : start + _WINDOW])) for start in range(0, len(words), _WINDOW))
            continue
        with pypdfium2.PdfDocument(path) as document:
            for number, page in enumerate(document, 1):
                words = page.get_textpage().get_text_range().split()
                for start in range(0, len(words), _WINDOW):
                    yield name, number, " ".join(words[start : start + _WINDOW])


async def search_bare(folder: JudgedFolder, mode: SearchMode) -> PageHits:
    """Search for each question inside its document and among all."""
    windows = list(_windows(folder))
    texts, questions = [text for _, _, text in windows], [question.text for question in folder.questions]
    with closing(_keyword_index(windows)) as index:
        legs = [np.vstack([_keyword_scores(index, question, len(windows)) for question in questions])]
    if mode is not SearchMode.KEYWORD:
        legs.append(await _similarities(questions, texts))
    hits, names = PageHits(folder.questions), np.array([name for name, _, _ in windows])
    for number, question in enumerate(folder.questions):
        for scope, mask in (("inside", names == question.document), ("all", np.ones(len(windows), dtype=np.bool_))):
            best = np.argsort(-_fused([leg[number] for leg in legs], mask))[: max(DEPTHS)]
            hits.add(scope, number, [_place(windows[each]) for each in best])
    return hits


def _place(window: tuple[str, int, str]) -> Place:
    document, page, text = window
    return Place(document, page, page, text)


async def _similarities(questions: Sequence[str], texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the similarity of each question with each text, by the bundled embedder."""
    workers = prompt_worker(), replace(document_worker(), idle_priority=False)
    async with open_embedder(*workers) as embedder:
        prompts = [np.frombuffer(await embedder.embed_prompt(question), dtype=np.float32) for question in questions]
        vectors = [
            np.frombuffer(vector, dtype=np.float16).astype(np.float32)
            for start in range(0, len(texts), _BATCH)
            for vector in await embedder.embed_documents(texts[start : start + _BATCH])
        ]
    return np.vstack(prompts) @ np.vstack(vectors).T


def _keyword_index(windows: Sequence[tuple[str, int, str]]) -> sqlite3.Connection:
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize = 'porter unicode61')")
    index.executemany(
        "INSERT INTO texts (rowid, text) VALUES (?, ?)", ((n, text) for n, (_, _, text) in enumerate(windows))
    )
    return index


def _keyword_scores(index: sqlite3.Connection, question: str, count: int) -> NDArray[np.float32]:
    scores = np.zeros(count, dtype=np.float32)
    words = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", question.lower())))
    for row, score in index.execute("SELECT rowid, bm25(texts) FROM texts WHERE texts MATCH ?", (words,)):
        scores[row] = -score
    return scores


def _fused(legs: Sequence[NDArray[np.float32]], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the sum of the scores, each scaled to 0 to 1 within the scope. Passages outside of it come last."""
    total = np.full(len(mask), -np.inf, dtype=np.float32)
    total[mask] = 0
    for scores in legs:
        low, high = float(scores[mask].min()), float(scores[mask].max())
        total[mask] += (scores[mask] - low) / max(high - low, 1e-9)
    return total
