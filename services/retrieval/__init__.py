"""Retrieval: the one function that `search` and chat find passages with."""

from services.retrieval.deep_search import DeepSearch
from services.retrieval.observed_retriever import ObservedRetriever
from services.retrieval.retriever import Retriever

__all__ = ["DeepSearch", "ObservedRetriever", "Retriever"]
