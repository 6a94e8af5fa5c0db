"""Figures: measured values with their targets, printed as a Markdown table and saved as JSON."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("llama-cpp-python", "sentence-transformers", "torch", "chromadb", "docling-slim")


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table. `description` says what was measured, `target` the bound that `value` should meet."""

    row: str
    description: str
    value: float | None
    "None if the figure could not be measured; `details` contains the reason."
    target: str
    is_met: bool
    unit: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    "The measurements from which the value was computed."


def at_least(row: str, description: str, value: float, bound: float, unit: str = "", **details: Any) -> Figure:
    return Figure(row, description, value, f"≥ {bound:g}{unit}", value >= bound, unit, details)


def at_most(row: str, description: str, value: float, bound: float, unit: str = "", **details: Any) -> Figure:
    return Figure(row, description, value, f"≤ {bound:g}{unit}", value <= bound, unit, details)


def unmeasured(row: str, description: str, reason: object) -> Figure:
    return Figure(row, description, None, "", False, details={"reason": str(reason)})


def table(figures: Sequence[Figure]) -> str:
    lines = ["| # | Figure | Measured | Target | | Details |", "|---|---|---|---|---|---|"]
    for figure in figures:
        details = ", ".join(f"{name} {_short(value)}" for name, value in figure.details.items())
        met = "✓" if figure.is_met else "✗"
        value = "not measured" if figure.value is None else f"{_short(figure.value)}{figure.unit}"
        lines.append(f"| {figure.row} | {figure.description} | {value} | {figure.target} | {met} | {details} |")
    return "\n".join(lines)


def save(name: str, figures: Sequence[Figure], quick: bool) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {
            "cores": psutil.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "packages": {package: version(package) for package in _PACKAGES},
        },
        "figures": [asdict(figure) for figure in figures],
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
