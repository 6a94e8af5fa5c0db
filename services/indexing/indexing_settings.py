"""What an administrator decides about background indexing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexingSettings:
    """Idle is a machine whose GPUs, or without one whose processor, others have used less than `percent` for so long."""

    idle_threshold_seconds: int = 600
    gpu_idle_percent: float = 10.0
