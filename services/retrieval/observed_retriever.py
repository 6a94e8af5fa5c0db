"""A retriever that records a trace span, the duration and the state of each leg."""

from collections import Counter
from time import perf_counter

from records.access import AccessScope
from records.retrieval import Leg, LegState, Retrieval, RetrievalQuery, Snippet
from records.tracing import Tracer
from services.metrics import Histogram
from services.retrieval.retriever import Retriever


class ObservedRetriever:
    """Calls a `Retriever`, and counts and traces what it does."""

    def __init__(self, retriever: Retriever, tracer: Tracer) -> None:
        self._retriever = retriever
        self._tracer = tracer
        self.seconds = Histogram()
        self.legs: Counter[tuple[Leg, LegState]] = Counter()
        "Numbers of legs since the server started, by name and final state."

    async def retrieve(self, access: AccessScope, query: RetrievalQuery) -> Retrieval:
        """Retrieve passages. Raises what `Retriever.retrieve` raises."""
        started = perf_counter()
        with self._tracer.span("retrieval") as span:
            span.set("gen_ai.operation.name", "retrieval")
            span.set("graphlore.retrieval.mode", query.mode.value)
            span.set("graphlore.retrieval.top_k", query.top_k)
            retrieval = await self._retriever.retrieve(access, query)
            span.set("graphlore.retrieval.hits", len(retrieval.hits))
            for leg in retrieval.legs:
                span.set(f"graphlore.retrieval.{leg.name.value}", leg.state.value)
                self.legs[leg.name, leg.state] += 1
        self.seconds.observe(perf_counter() - started)
        return retrieval

    def make_snippet(self, query: str, text: str) -> Snippet:
        """Return the part of a passage that shows why a query finds it."""
        return self._retriever.make_snippet(query, text)
