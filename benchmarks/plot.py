"""A line plot on two logarithmic axes, as SVG that any browser shows."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 420, 70, 50, 30, 190
COLOURS = ("#1b6ca8", "#c0392b", "#27864e", "#8e44ad", "#b9770e")


def plot(title: str, x: str, y: str, lines: Mapping[str, Points]) -> str:
    """`x` and `y` name the axes; every value is above 0."""
    points = [point for line in lines.values() for point in line]
    across = _Axis([point[0] for point in points], LEFT, WIDTH - RIGHT)
    up = _Axis([point[1] for point in points], HEIGHT - BOTTOM, TOP)
    parts = [*_frame(title, x, y), *_grid(across, up)]
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{across.place(a):.1f},{up.place(b):.1f}" for a, b in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across.place(a):.1f}" cy="{up.place(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        parts.append(_text(WIDTH - RIGHT + 12, TOP + 14 + 20 * number, name, f'fill="{colour}"'))
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """From powers of ten below all values to one above them."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self._low, self._high = floor(log10(min(values))), ceil(log10(max(values)))
        self._high += self._high == self._low
        self._begin, self._end = begin, end

    def place(self, value: float) -> float:
        return self._begin + (log10(value) - self._low) / (self._high - self._low) * (self._end - self._begin)

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]


def _frame(title: str, x: str, y: str) -> list[str]:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 18, title, 'font-weight="bold"'),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x, 'text-anchor="middle"'),
        _text(16, middle, y, f'text-anchor="middle" transform="rotate(-90 16 {middle:g})"'),
    ]


def _grid(across: _Axis, up: _Axis) -> list[str]:
    lines = []
    for tick in across.ticks:
        at = across.place(tick)
        lines.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        lines.append(_text(at, HEIGHT - BOTTOM + 18, f"{tick:,.10g}", 'text-anchor="middle"'))
    for tick in up.ticks:
        at = up.place(tick)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        lines.append(_text(LEFT - 8, at + 4, f"{tick:,.10g}", 'text-anchor="end"'))
    return lines


def _text(x: float, y: float, text: str, more: str = "") -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escaped}</text>'
