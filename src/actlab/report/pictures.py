"""Pictures of activations and of training: drawn by matplotlib, saved as SVG or PNG, the same bytes every time.

SVG keeps text as text, with Chinese fonts named in its font list; PNG uses an installed Chinese font and falls back
to English labels where there is none, so no empty boxes appear.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import files
from .record import text as json_text
from .words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito 2008, told apart by every common kind of colour vision; each colour has its own dash as well
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1.2, 1.2)), (0, (8, 2, 2, 2)), (0, (3, 3)))
INK, PALE, GRID = "#24292f", "#6a737d", "#e4e8ec"
_CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei", "SimHei")
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "actlab",
    "font.family": ["DejaVu Sans", *_CHINESE],
    "font.size": 10,
    "text.color": INK,
    "axes.facecolor": "none",
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}
# what a page may recolour in its dark scheme
_VARIABLES = {INK: "--ink", PALE: "--pale", GRID: "--grid"}


@dataclass(frozen=True)
class Picture:
    """A drawing that knows its size (inches at 100 dots each) and what it shows, in one language."""

    draw: Callable[[Figure, str], None]
    size: tuple[float, float]
    alt: str
    lang: str

    def svg(self) -> str:
        """A complete SVG document."""
        text = self._save("svg", self.lang).decode("utf-8")
        text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
        text = re.sub(r"<!DOCTYPE.*?>\s*", "", text, flags=re.DOTALL)
        return text.replace("<svg ", f'<svg role="img" aria-label="{_attribute(self.alt)}" ', 1)

    def inline(self, prefix: str) -> str:
        """The `<svg>` element to put into a page: names of its parts start with `prefix`, its ink follows the page."""
        text = self.svg()
        text = text[text.index("<svg") :]
        text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, count=1, flags=re.DOTALL)
        used = set(re.findall(r"(?:url\(|href=\")#([^\")]+)", text))
        text = re.sub(r'\sid="([^"]*)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", text)
        text = re.sub(r'(url\(|href=")#', rf"\1#{prefix}", text)
        for colour, variable in _VARIABLES.items():
            text = text.replace(f": {colour}", f": var({variable}, {colour})")
        width, height = (round(72 * side) for side in self.size)
        text = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg[^>]*?)\sheight="[^"]*"', r"\1", text, count=1)
        style = f"stroke-linejoin:round;width:100%;max-width:{width * 4 // 3}px;aspect-ratio:{width}/{height}"
        return text.replace("<svg ", f'<svg style="{style}" ', 1)

    def png(self) -> bytes:
        """A PNG at 200 dots an inch on white; labels in English where no Chinese font is installed."""
        return self._save("png", self.lang if self.lang == "en" or _has_chinese() else "en")

    def _save(self, kind: str, lang: str) -> bytes:
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        stream = io.BytesIO()
        with _quiet(), rc_context(_STYLE):
            figure = Figure(figsize=self.size, layout="constrained")
            self.draw(figure, lang)
            if kind == "svg":
                nothing: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
                figure.savefig(stream, format="svg", metadata=nothing)
            else:
                figure.savefig(stream, format="png", dpi=200, facecolor="white", metadata={"Software": None})
        return stream.getvalue()


def save(picture: Picture, path: str) -> None:
    """Write the picture under `path`, whose ending (.svg or .png) says how."""
    files.save(path, {".svg": picture.svg, ".png": picture.png})


def swatch(at: int) -> dict[str, Any]:
    """Colour and dash of the series number `at`."""
    return {"color": PALETTE[at % len(PALETTE)], "linestyle": DASHES[at % len(DASHES)]}


def labelled(axes: Any, lang: str, title: str = "", x: str = "", y: str = "") -> None:
    """Title and axis labels from the keys of our texts; an empty key leaves the label away."""
    for key, write in ((title, axes.set_title), (x, axes.set_xlabel), (y, axes.set_ylabel)):
        if key:
            write(say(lang, key))


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _has_chinese() -> bool:
    from matplotlib.font_manager import fontManager

    return bool(set(_CHINESE) & {font.name for font in fontManager.ttflist})


@contextmanager
def _quiet() -> Generator[None]:
    """Silences what matplotlib says about fonts that are not installed: the reader of the SVG may have them."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            yield
    finally:
        log.setLevel(level)


def writers(page: Callable[..., str], picture: Callable[..., Picture]) -> dict[str, Callable[..., str | bytes]]:
    """The ways to save (found, language) that has a page, a picture and a record."""
    return {
        ".html": page,
        ".svg": lambda found, lang: picture(found, lang).svg(),
        ".png": lambda found, lang: picture(found, lang).png(),
        ".json": lambda found, lang: json_text(found.to_json()),
    }
