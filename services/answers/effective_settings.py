"""What an answer is made with: the message's own settings, else the session's, else the model's, else the server's.

Settings are values: merged here, passed along, never looked up again while the answer is made.
"""

from dataclasses import replace

from records.session import DocumentScope, SamplingSettings, SessionSettings, ThinkingMode
from records.values.overlay import overlay

SERVER_DEFAULTS = SessionSettings(
    thinking_mode=ThinkingMode.HYBRID,
    document_scope=DocumentScope.ATTACHED,
    top_k=5,
    rerank=False,
    history_pairs=10,
)


def merge(own: SessionSettings, below: SessionSettings, model: SamplingSettings) -> SessionSettings:
    """The session's settings over the server's, its sampling over the model's."""
    merged = overlay(replace(own, sampling=None), replace(below, sampling=None))
    server = overlay(model, below.sampling) if below.sampling else model
    return replace(merged, sampling=overlay(own.sampling, server) if own.sampling else server)
