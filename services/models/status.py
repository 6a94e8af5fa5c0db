"""What a loaded model is at, for whoever watches the machine."""

from engines.inference.protocol import EngineStatistics
from records.model import ModelStatus
from records.system import InferenceStatus
from services.metrics.timeouts import call_with_timeout
from services.models.registry import ModelEntry

NOTHING = EngineStatistics(0, 1, 0, 0.0, 0.0, 0, 0, 0.0)
"""Of a model that makes no answers, or cannot be asked."""


async def inference_status(entry: ModelEntry) -> tuple[InferenceStatus, tuple[str, ...]]:
    """Asked of the engine; zeros while there is none, and with the reason where it should answer and does not."""
    numbers, reason = NOTHING, None
    inference = entry.resident.inference if entry.resident else None
    if inference is not None and entry.record.status is ModelStatus.READY:
        numbers, reason = await call_with_timeout(inference.statistics(), NOTHING)
    status = InferenceStatus(
        model_id=entry.id,
        status=entry.record.status,
        sequences_busy=numbers.sequences_busy,
        sequences_total=numbers.sequences_total,
        queue_depth=numbers.queue_depth,
        prompt_tokens_per_second=numbers.prompt_tokens_per_second,
        completion_tokens_per_second=numbers.completion_tokens_per_second,
        cached_tokens_used=numbers.cached_tokens_used,
        cached_tokens_total=numbers.cached_tokens_total,
        prefix_hit_ratio=numbers.prefix_hit_ratio,
        prompt_tokens=numbers.prompt_tokens,
        completion_tokens=numbers.completion_tokens,
        prefix_queries=numbers.prefix_queries,
        prefix_hits=numbers.prefix_hits,
        preemptions=numbers.preemptions,
    )
    return status, () if reason is None else (f"inference of {entry.record.name}: {reason}",)
