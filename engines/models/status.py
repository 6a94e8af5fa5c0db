"""What a loaded model is at, for whoever watches the machine."""

from engines.inference.protocol import EngineStatistics
from engines.models.shelf import Entry
from records.model import ModelStatus
from records.system import InferenceStatus
from workers import WorkerCallFailed, WorkerCrashed, WorkerGivenUp


async def inference_status(entry: Entry) -> InferenceStatus:
    """Asked of the engine where it can answer; zeros otherwise."""
    numbers = await _statistics(entry)
    return InferenceStatus(
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
    )


async def _statistics(entry: Entry) -> EngineStatistics:
    inference = entry.resident.inference if entry.resident else None
    if inference is not None and entry.record.status is ModelStatus.READY:
        try:
            return await inference.statistics()
        except (WorkerCrashed, WorkerGivenUp, WorkerCallFailed):
            pass
    return EngineStatistics(0, 1, 0, 0.0, 0.0, 0, 0, 0.0)
