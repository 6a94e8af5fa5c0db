"""Default settings of local models, for everything that neither the request nor the administrator sets."""

from records.session import SamplingSettings

DEFAULT_CONTEXT = 8192
"""Context length, in tokens, of a model that was trained with a longer one."""

MAX_PARALLEL_SEQUENCES = 32
PARALLEL_SEQUENCES = 8
"""Answers generated at the same time. They share the cells of the KV cache, so more of them take no more memory."""

MAX_UBATCH = 512
"""Tokens that llama.cpp computes at once; larger batches are divided."""

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
