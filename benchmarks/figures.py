"""A measured figure beside its target, as a row of a Markdown table and as JSON."""

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
    row: str
    what: str
    value: float | None
    "None where it could not be measured; `details` say why."
    target: str
    is_met: bool
    unit: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    "What the value was made of."


def at_least(row: str, what: str, value: float, bound: float, unit: str = "", **details: Any) -> Figure:
    return Figure(row, what, value, f"≥ {bound:g}{unit}", value >= bound, unit, details)


def at_most(row: str, what: str, value: float, bound: float, unit: str = "", **details: Any) -> Figure:
    return Figure(row, what, value, f"≤ {bound:g}{unit}", value <= bound, unit, details)


def unmeasured(row: str, what: str, why: object) -> Figure:
    return Figure(row, what, None, "", False, details={"because": str(why)})


def table(figures: Sequence[Figure]) -> str:
    lines = ["| # | What | Measured | Target | | Made of |", "|---|---|---|---|---|---|"]
    for figure in figures:
        made_of = ", ".join(f"{name} {_short(value)}" for name, value in figure.details.items())
        met = "✓" if figure.is_met else "✗"
        value = "not measured" if figure.value is None else f"{_short(figure.value)}{figure.unit}"
        lines.append(f"| {figure.row} | {figure.what} | {value} | {figure.target} | {met} | {made_of} |")
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
