"""Retrieval of passages for a query: used by `search` and by chat."""

from services.retrieval.deep_search import DeepSearch
from services.retrieval.observed_retriever import ObservedRetriever
from services.retrieval.retriever import Retriever

__all__ = ["DeepSearch", "ObservedRetriever", "Retriever"]
