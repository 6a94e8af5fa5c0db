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


def full_graph(schema: strawberry.Schema) -> InMemoryGraph:
    """Return a graph in which every nullable field has a value."""
    graph = InMemoryGraph(schema)
    load = LoadSettings(2048, 0, 2, 512, 1, True, "f16", "f16", True, False, 0, "CPU")
    graph.documents.put(
        make_document(
            coverage=ExtractionCoverage(3, 2, 0, 1, 0, ("Page 3 has no text.",)),
            error=IngestionError(DocumentStatus.PARSING, ErrorCode.NO_TEXT, "No text.", False),
            metadata={"owner": ["me"]},
        )
    )
    graph.documents.put(make_document(id=DocumentId(2), has_original=False))
    graph.messages.put(
        make_message(
            id=MessageId(2),
            parent_id=MessageId(1),
            citations=(CITATION, replace(CITATION, marker=2, document_id=None, chunk_id=None)),
            generation=GENERATION,
            error=MessageError(ErrorCode.INTERRUPTED, "The server ended."),
            model_id=ModelId("0123456789abcdef"),
        )
    )
    graph.sessions.rows = {
        key: replace(
            session,
            model_id=ModelId("0123456789abcdef"),
            settings=SessionSettings(model_id=ModelId("0123456789abcdef"), sampling=SamplingSettings(seed=1)),
        )
        for key, session in graph.sessions.rows.items()
    }
    broken = make_model(
        id=ModelId("fedcba9876543210"),
        facts=None,
        error=ModelError(ErrorCode.TRUNCATED, "Ends early.", "Fetch it again."),
        stage=LoadStage.INSPECTING,
        pending_load_settings=load,
        is_default=False,
    )
    graph.models.rows[broken.id] = broken
    graph.retriever.hits = (HIT,)
    graph.settings = replace(graph.settings, deep_embedder="large", deep_dimensions=1024)
    return graph
