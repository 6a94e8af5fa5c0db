"""Background indexing: the deep embedder goes through the documents while nobody needs the machine.

It gives way at once: the process that embeds is ended, not asked. What was stored stays, and it goes on from there.
"""

from engines.indexing.generation import DeepVectors, Generation
from engines.indexing.idleness import MachineLoad
from engines.indexing.indexing import Indexing, open_indexing
from engines.indexing.settings import IndexingSettings

__all__ = ["DeepVectors", "Generation", "Indexing", "IndexingSettings", "MachineLoad", "open_indexing"]
