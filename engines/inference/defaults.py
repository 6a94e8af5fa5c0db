"""What an answer is made with where nobody says otherwise."""

from records.session import SamplingSettings

USUAL_CONTEXT = 8192
"""The context length of a model that was trained on more, until someone asks for more."""

MOST_SEQUENCES = 32
PARALLEL_SEQUENCES = 8
"""Answers at once. They share the context's cells, so more of them take no more memory."""

SAMPLING = SamplingSettings(
    max_tokens=512,
    temperature=0.7,
    top_p=0.95,
    top_k=40,
    min_p=0.05,
    repeat_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
    deterministic=False,
)
