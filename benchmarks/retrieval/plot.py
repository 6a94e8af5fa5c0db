"""Line plots with two logarithmic axes, as SVG."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 420, 70, 50, 30, 190
COLORS = ("#1b6ca8", "#c0392b", "#27864e", "#8e44ad", "#b9770e")


def plot(title: str, x: str, y: str, lines: Mapping[str, Points]) -> str:
    """Return the plot as SVG. `x` and `y` are the titles of the axes; all values must be greater than 0."""
    points = [point for line in lines.values() for point in line]
    x_axis = _Axis([point[0] for point in points], LEFT, WIDTH - RIGHT)
    y_axis = _Axis([point[1] for point in points], HEIGHT - BOTTOM, TOP)
    parts = [*_frame(title, x, y), *_grid(x_axis, y_axis)]
    for number, (name, line) in enumerate(lines.items()):
        color = COLORS[number % len(COLORS)]
        path = " ".join(f"{x_axis.position(a):.1f},{y_axis.position(b):.1f}" for a, b in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x_axis.position(a):.1f}" cy="{y_axis.position(b):.1f}" r="3" fill="{color}"/>'
            for a, b in line
        ]
        parts.append(_text(WIDTH - RIGHT + 12, TOP + 14 + 20 * number, name, f'fill="{color}"'))
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """A logarithmic axis whose ends are powers of ten that enclose all values."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self._low, self._high = floor(log10(min(values))), ceil(log10(max(values)))
        self._high += self._high == self._low
        self._begin, self._end = begin, end

    def position(self, value: float) -> float:
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


def _grid(x_axis: _Axis, y_axis: _Axis) -> list[str]:
    lines = []
    for tick in x_axis.ticks:
        position = x_axis.position(tick)
        lines.append(f'<line x1="{position:.1f}" x2="{position:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        lines.append(_text(position, HEIGHT - BOTTOM + 18, f"{tick:,.10g}", 'text-anchor="middle"'))
    for tick in y_axis.ticks:
        position = y_axis.position(tick)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{position:.1f}" y2="{position:.1f}" stroke="#ddd"/>')
        lines.append(_text(LEFT - 8, position + 4, f"{tick:,.10g}", 'text-anchor="end"'))
    return lines


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escaped}</text>'
