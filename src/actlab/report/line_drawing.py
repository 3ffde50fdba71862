"""Pictures for many pages: SVG written by hand, coloured by the page, a few kilobytes and a millisecond each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from .curves import Curve
from .numbers import number
from .words import say

_WIDTH, _HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 10, 10, 26  # room for the numbers beside the axes
_SPARK = (96, 52)
_TALLEST = 1.5  # of what grows without end, as much is shown as this many times half the picture's width
_FINE = 0.15  # a point this near to the line of its neighbours is not drawn


class _Frame(NamedTuple):
    """From numbers to places in a picture: ranges of x and y, and the box they fill."""

    x: tuple[float, float]
    y: tuple[float, float]
    left: float
    top: float
    width: float
    height: float

    def across(self, x: float) -> float:
        return self.left + (x - self.x[0]) / (self.x[1] - self.x[0]) * self.width

    def down(self, y: float) -> float:
        share = (self.y[1] - y) / (self.y[1] - self.y[0])
        return self.top + min(max(share, -1.0), 2.0) * self.height  # far outside is not seen anyway

    def path(self, x: Sequence[float], y: Sequence[float]) -> str:
        """The line through the points, broken where a number is missing or far jumps leave the picture."""
        lines = _runs(
            (self.across(a), self.down(b) if math.isfinite(b) else math.nan) for a, b in zip(x, y, strict=True)
        )
        return "".join("M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in _thinned(line)) for line in lines)


def curve_svg(drawn: Curve, lang: str) -> str:
    """Value and slope of one activation as an `<svg>` element: kinks marked, flat stretches shaded.

    Its classes are `value`, `slope`, `kink`, `flat`, `grid`, `axis`; the page's style gives them colours.
    """
    box = (_LEFT, _TOP, _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM)
    frame = _Frame((drawn.x[0], drawn.x[-1]), _heights(drawn), *box)
    parts = [
        f'<rect class="flat" x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" height="{frame.height:.0f}"/>'
        for left, right in ((frame.across(low), frame.across(high)) for low, high in drawn.saturated)
    ]
    parts += [*_grid(frame), f'<svg x="{_LEFT}" y="{_TOP}" width="{frame.width:.0f}" height="{frame.height:.0f}">']
    inside = frame._replace(left=0.0, top=0.0)
    parts += [f'<path class="value" d="{inside.path(drawn.x, drawn.value)}"/>']
    parts += [f'<path class="slope" d="{inside.path(drawn.x, drawn.slope)}"/></svg>']
    parts += [
        f'<circle class="kink" cx="{frame.across(x):.1f}" cy="{frame.down(y):.1f}" r="3.5"/>'
        for x, y in drawn.kinks
        if math.isfinite(y) and frame.y[0] <= y <= frame.y[1]
    ]
    alt = escape(say(lang, "picture.alt.curve", name=drawn.name), quote=True)
    return f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{alt}">{"".join(parts)}</svg>'


def spark_svg(drawn: Curve) -> str:
    """The value alone as a small `<svg>` element, to stand beside a name that says what it is."""
    width, height = _SPARK
    frame = _Frame((drawn.x[0], drawn.x[-1]), _heights(drawn, slope=False), 2, 3, width - 4, height - 6)
    axes = "".join(
        f'<path class="axis" d="{line}"/>'
        for line in (
            f"M{frame.across(0.0):.1f} 0V{height}",
            f"M0 {frame.down(0.0):.1f}H{width}" if frame.y[0] <= 0 <= frame.y[1] else "",
        )
        if line
    )
    line = f'<path class="value" d="{frame.path(drawn.x, drawn.value)}"/>'
    return f'<svg class="spark" viewBox="0 0 {width} {height}" aria-hidden="true">{axes}{line}</svg>'


def _heights(drawn: Curve, slope: bool = True) -> tuple[float, float]:
    """The range of y: all of the curves where they are tame, the part that matters where they explode."""
    tall = _TALLEST * max((drawn.x[-1] - drawn.x[0]) / 2, 1.0)
    shown = [y for y in (*drawn.value, *(drawn.slope if slope else ())) if math.isfinite(y)]
    low = max(min(shown, default=0.0), -tall)
    high = min(max(shown, default=0.0), tall)
    low, high = min(low, 0.0, high), max(high, 0.0, low)
    if high - low < 1e-9:
        low, high = low - 1.0, high + 1.0
    room = 0.06 * (high - low)
    return low - room, high + room


def _grid(frame: _Frame) -> Iterator[str]:
    right, bottom = frame.left + frame.width, frame.top + frame.height
    for x in _ticks(*frame.x, 8):
        at = frame.across(x)
        yield f'<path class="{"axis" if x == 0 else "grid"}" d="M{at:.1f} {frame.top}V{bottom:.0f}"/>'
        yield f'<text x="{at:.1f}" y="{bottom + 17:.0f}" text-anchor="middle">{number(x)}</text>'
    for y in _ticks(*frame.y, 6):
        at = frame.down(y)
        yield f'<path class="{"axis" if y == 0 else "grid"}" d="M{frame.left} {at:.1f}H{right:.0f}"/>'
        yield f'<text x="{frame.left - 6}" y="{at + 4.5:.1f}" text-anchor="end">{number(y)}</text>'


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, at most `most` and a few of them, 0 always among them if inside."""
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (size, 2 * size, 5 * size, 10 * size) if step >= rough * (1 - 1e-9))
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _runs(points: Iterable[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """The points cut into lines where a number is missing."""
    line: list[tuple[float, float]] = []
    for point in points:
        if math.isfinite(point[1]):
            line.append(point)
            continue
        if len(line) > 1:
            yield line
        line = []
    if len(line) > 1:
        yield line


def _thinned(line: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The line without the points that nobody would miss (Douglas & Peucker 1973)."""
    kept = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        (x, y), (to_x, to_y) = line[first], line[last]
        length = math.hypot(to_x - x, to_y - y) or 1.0
        off = [abs((to_y - y) * (a - x) - (to_x - x) * (b - y)) / length for a, b in line[first + 1 : last]]
        if off and max(off) > _FINE:
            middle = first + 1 + off.index(max(off))
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return [line[at] for at in sorted(kept)]
