"""Retrieval: the one function that `search` and chat find passages with."""

from engines.retrieval.deep import DeepSearch
from engines.retrieval.observed import ObservedRetriever
from engines.retrieval.retriever import Retriever

__all__ = ["DeepSearch", "ObservedRetriever", "Retriever"]
