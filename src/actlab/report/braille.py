"""Curves in a terminal: two by four dots to a character."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # Unicode 10.0, block 2800: column, then row from the top


def plot(x: Sequence[float], y: Sequence[float], width: int, height: int, title: str = "") -> list[str]:
    """The curve as `height` + 2 lines of exactly `width` characters: title, picture with axis numbers, x axis.

    x, y: places and numbers, NaN breaks the line. Raises ValueError when fewer than two numbers are finite.
    """
    finite = [number for number in y if math.isfinite(number)]
    if len(finite) < 2:
        raise ValueError("a picture needs at least two finite numbers")
    low, high = min(finite), max(finite)
    if high - low < 1e-12 * max(1.0, abs(low)):
        low, high = low - 1, high + 1
    labels = {0: _number(high), height - 1: _number(low)}
    rows, columns = 4 * height - 1, 0
    if low < 0 < high:
        labels.setdefault(round((high / (high - low)) * rows) // 4, "0")
    margin = max(map(len, labels.values())) + 1
    columns = 2 * (width - margin) - 1
    dots = [[0] * (width - margin) for _ in range(height)]
    points = [
        (round((a - x[0]) / (x[-1] - x[0]) * columns), round((high - b) / (high - low) * rows))
        if math.isfinite(b)
        else None
        for a, b in zip(x, y, strict=True)
    ]
    for start, end in pairwise(points):
        for column, row in _line(start, end):
            dots[row // 4][column // 2] |= _DOTS[column % 2][row % 4]
    zero_row = round(high / (high - low) * rows) // 4 if low <= 0 <= high else -1
    zero_column = round(-x[0] / (x[-1] - x[0]) * columns) // 2 if x[0] <= 0 <= x[-1] else -1
    lines = [f"{' ' * margin}{title}"[:width].ljust(width)]
    for row, cells in enumerate(dots):
        drawn = "".join(
            chr(0x2800 + cell) if cell else _axis(row == zero_row, column == zero_column)
            for column, cell in enumerate(cells)
        )
        lines.append(f"{labels.get(row, ''):>{margin - 1}} {drawn}")
    return [*lines, _scale(x[0], x[-1], zero_column, width, margin)]


def _axis(across: bool, down: bool) -> str:
    return {(True, True): "┼", (True, False): "─", (False, True): "│", (False, False): " "}[across, down]


def _scale(low: float, high: float, zero: int, width: int, margin: int) -> str:
    line = [" "] * width
    ends = (
        (margin, _number(low)),
        (margin + zero, "0" if zero > 0 else ""),
        (width - len(_number(high)), _number(high)),
    )
    for at, label in ends:
        line[at : at + len(label)] = label
    return "".join(line)


def _line(start: tuple[int, int] | None, end: tuple[int, int] | None) -> list[tuple[int, int]]:
    if start is None or end is None:
        return []
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return [
        (round(start[0] + (end[0] - start[0]) * k / steps), round(start[1] + (end[1] - start[1]) * k / steps))
        for k in range(steps + 1)
    ]


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
