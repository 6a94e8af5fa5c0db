"""Retrieval that tells of itself: a span for each, and counts of how long it took and how its legs ended."""

from collections import Counter
from time import perf_counter
from typing import Protocol

from records.retrieval import Retrieval, RetrievalQuery
from records.tracing import Tracer
from services.metrics.histogram import Histogram


class Retrieves(Protocol):
    async def retrieve(self, query: RetrievalQuery) -> Retrieval: ...


class ObservedRetriever:
    def __init__(self, retriever: Retrieves, tracer: Tracer) -> None:
        self._retriever = retriever
        self._tracer = tracer
        self.seconds = Histogram()
        self.legs: Counter[tuple[str, str]] = Counter()
        "By the leg's name and how it ended."

    async def retrieve(self, query: RetrievalQuery) -> Retrieval:
        """As `Retriever.retrieve`."""
        began = perf_counter()
        with self._tracer.span("retrieval") as span:
            span.set("gen_ai.operation.name", "retrieval")
            span.set("graphlore.retrieval.mode", query.mode.value)
            span.set("graphlore.retrieval.top_k", query.top_k)
            retrieval = await self._retriever.retrieve(query)
            span.set("graphlore.retrieval.hits", len(retrieval.hits))
            for leg in retrieval.legs:
                span.set(f"graphlore.retrieval.{leg.name}", leg.state.value)
                self.legs[leg.name, leg.state.value] += 1
        self.seconds.note(perf_counter() - began)
        return retrieval
