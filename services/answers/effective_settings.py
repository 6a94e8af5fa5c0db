"""Effective settings of an answer. In order of precedence: the message's, the session's, the model's, the server's.

Settings are values. They are merged here once and passed on; nothing is looked up again while an answer is generated.
"""

from dataclasses import replace

from records.session import DocumentScope, SamplingSettings, SessionSettings, ThinkingMode
from records.values.overlay import overlay
from services.prompts import DEFAULT_INSTRUCTIONS

SERVER_DEFAULTS = SessionSettings(
    system_prompt=DEFAULT_INSTRUCTIONS,
    thinking_mode=ThinkingMode.HYBRID,
    document_scope=DocumentScope.ATTACHED,
    top_k=5,
    rerank=False,
    history_pairs=10,
)


def merge_settings(session: SessionSettings, server: SessionSettings, model: SamplingSettings) -> SessionSettings:
    """Return the session's settings, completed by the server's.

    Sampling settings are completed by those of the model first, then by those of the server.
    """
    merged = overlay(replace(session, sampling=None), replace(server, sampling=None))
    inherited = overlay(model, server.sampling) if server.sampling else model
    return replace(merged, sampling=overlay(session.sampling, inherited) if session.sampling else inherited)
