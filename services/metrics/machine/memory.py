"""The main memory and the swap space."""

import psutil

from records.system import MemoryStatus


def read_memory() -> MemoryStatus:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return MemoryStatus(
        total_bytes=memory.total,
        available_bytes=memory.available,
        used_bytes=memory.used,
        used_percent=memory.percent,
        swap_total_bytes=swap.total,
        swap_used_bytes=swap.used,
    )
