"""Background indexing: the deep embedder embeds all documents while the machine is idle.

Indexing yields at once to everything else: the process that embeds is ended. Stored vectors are kept, so at most one batch
is embedded again.
"""

from services.indexing.deep_index import DeepIndex, DeepVectors
from services.indexing.idleness import IndexingSettings, MachineLoad
from services.indexing.indexing import ConfiguredEmbedder, Indexing, ServerActivity, open_indexing

__all__ = [
    "ConfiguredEmbedder",
    "DeepIndex",
    "DeepVectors",
    "Indexing",
    "IndexingSettings",
    "MachineLoad",
    "ServerActivity",
    "open_indexing",
]
