"""The status of a loaded model's engine for metrics."""

from engines.inference.protocol import EngineStatistics
from records.model import ModelStatus
from records.system import InferenceStatus
from services.metrics.timeouts import call_with_timeout
from services.models.registry import ModelEntry

NO_STATISTICS = EngineStatistics(0, 1, 0, 0.0, 0.0, 0, 0, 0.0)
"""Statistics of a model that is not READY or does not respond."""


async def inference_status(entry: ModelEntry) -> tuple[InferenceStatus, tuple[str, ...]]:
    """Return the status of a model with a process, and the reason if a READY model does not respond."""
    numbers, reason = NO_STATISTICS, None
    inference = entry.process.inference if entry.process else None
    if inference is not None and entry.record.status is ModelStatus.READY:
        numbers, reason = await call_with_timeout(inference.statistics(), NO_STATISTICS)
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
