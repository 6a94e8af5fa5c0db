"""Background indexing: the deep embedder goes through the documents while nobody needs the machine.

It gives way at once: the process that embeds is ended, not asked. What was stored stays, and it goes on from there.
"""

from services.indexing.deep_index import DeepIndex, DeepVectors
from services.indexing.idleness import MachineLoad
from services.indexing.indexing import Indexing, open_indexing
from services.indexing.indexing_settings import IndexingSettings

__all__ = ["DeepIndex", "DeepVectors", "Indexing", "IndexingSettings", "MachineLoad", "open_indexing"]
