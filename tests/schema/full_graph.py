"""An in-memory graph whose records have a value in every nullable field."""

from dataclasses import replace

import strawberry

from records.codes import ErrorCode
from records.document import DocumentStatus, ExtractionCoverage, IngestionError
from records.ids import DocumentId, MessageId, ModelId
from records.model import LoadSettings, LoadStage, ModelError
from records.session import MessageError, SamplingSettings, SessionSettings
from tests.schema.conftest import InMemoryGraph
from tests.schema.samples import CITATION, GENERATION, HIT
from tests.support.builders import make_document, make_message, make_model

MODEL = ModelId("0123456789abcdef")
BROKEN_MODEL = make_model(
    id=ModelId("fedcba9876543210"),
    facts=None,
    error=ModelError(ErrorCode.TRUNCATED, "The file is incomplete.", "Download it again."),
    stage=LoadStage.INSPECTING,
    pending_load_settings=LoadSettings(2048, 0, 2, 512, 1, True, "f16", "f16", True, False, 0, "CPU"),
    is_default=False,
)
FAILED_DOCUMENT = make_document(
    coverage=ExtractionCoverage(3, 2, 0, 1, 0, ("Page 3 has no text.",)),
    error=IngestionError(DocumentStatus.PARSING, ErrorCode.NO_TEXT, "No text.", False),
    metadata={"owner": ["me"]},
)
FAILED_ANSWER = make_message(
    id=MessageId(2),
    parent_id=MessageId(1),
    citations=(CITATION, replace(CITATION, marker=2, document_id=None, chunk_id=None)),
    generation=GENERATION,
    error=MessageError(ErrorCode.INTERRUPTED, "The server stopped."),
    model_id=MODEL,
)


def full_graph(schema: strawberry.Schema) -> InMemoryGraph:
    """Return a graph in which every nullable field has a value."""
    graph = InMemoryGraph(schema)
    graph.documents.put(FAILED_DOCUMENT)
    graph.documents.put(make_document(id=DocumentId(2), has_original=False))
    graph.messages.put(FAILED_ANSWER)
    settings = SessionSettings(model_id=MODEL, sampling=SamplingSettings(seed=1))
    graph.sessions.rows = {
        key: replace(session, model_id=MODEL, settings=settings) for key, session in graph.sessions.rows.items()
    }
    graph.models.rows[BROKEN_MODEL.id] = BROKEN_MODEL
    graph.retriever.hits = (HIT,)
    graph.settings = replace(graph.settings, deep_embedder="large", deep_dimensions=1024)
    return graph
