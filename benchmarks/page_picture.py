"""The picture of the page: each of torch's functions, against ATen and against the composition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from reading import LOSE, WIN, Row, verdict

from actlab.report.pictures import PALE, PALETTE, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# told apart by colour and by shape
_MARKS = {"win": ("^", PALETTE[0]), "tie": ("o", PALE), "lose": ("v", PALETTE[1])}
_TICKS = (0.25, 0.5, 1, 2, 5, 10, 20, 50)


def picture(rows: Mapping[str, Row], say: Callable[..., str], lang: str) -> Picture:
    """The ratios of one cell on a logarithmic axis: filled against ATen, hollow against the composition."""
    shown = {name: row["ratio"] for name, row in rows.items() if "aten" in row["ratio"]}
    names = sorted(shown, key=lambda name: shown[name]["aten"][1])

    def draw(figure: Figure, words: str) -> None:
        axes: Any = figure.subplots()
        axes.axvspan(LOSE, WIN, color=PALE, alpha=0.2, linewidth=0)
        axes.axvline(1, color=PALE, linewidth=1)
        for at, name in enumerate(names):
            for who in ("text", "aten"):
                low, middle, high = shown[name][who]
                mark, colour = _MARKS[verdict(middle)]
                fill = colour if who == "aten" else "white"
                axes.plot([low, high], [at, at], color=colour, linewidth=1.2, alpha=0.6)
                axes.plot(middle, at, mark, color=colour, mfc=fill, ms=7 if who == "aten" else 6)
        for kind, (mark, colour) in _MARKS.items():
            axes.plot([], [], mark, color=colour, ms=7, label=say(f"picture.{kind}"))
        for who, fill in (("aten", PALE), ("text", "white")):
            axes.plot([], [], "s", color=PALE, mfc=fill, ms=7, label=say(f"picture.of.{who}"))
        axes.set_xscale("log")
        axes.set_xticks(_TICKS, [f"{tick:g}×" for tick in _TICKS])
        axes.minorticks_off()
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(-0.7, len(names) - 0.3)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(say("picture.axis"))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, borderaxespad=0.2, columnspacing=1.2)

    return Picture(draw, (7.4, 1.4 + 0.24 * len(names)), say("picture.alt", elements="2^20"), lang)
