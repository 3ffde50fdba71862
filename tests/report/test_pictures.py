"""Pictures open, are not empty, and come out the same every time."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.image import imread
from tests.report import records

from actlab.catalogue import find
from actlab.report import curve_pictures, study_pictures, training_pictures
from actlab.report.pictures import Picture, save

LAYERS = records.diagnosis().layers


def _gradient(lang: str) -> Picture:
    picture = training_pictures.gradient_by_depth(LAYERS, lang)
    assert picture is not None
    return picture


PICTURES: dict[str, Callable[[str], Picture]] = {
    "curve": lambda lang: curve_pictures.curve(find("hard_sigmoid"), lang),
    "curve with parameters": lambda lang: curve_pictures.curve(find("elu"), lang, alpha=0.2),
    "curve along an axis": lambda lang: curve_pictures.curve(find("softmax"), lang),
    "step": lambda lang: curve_pictures.curve(find("step"), lang),
    "overlay": lambda lang: curve_pictures.overlay([find(n) for n in ("relu", "gelu", "silu", "mish", "elu")], lang),
    "histograms": lambda lang: training_pictures.histograms(LAYERS, lang),
    "shares": lambda lang: training_pictures.unit_shares(LAYERS, lang),
    "gradient": _gradient,
    "short training": lambda lang: training_pictures.short_training(records.diagnosis(), lang),
    "before and after": lambda lang: training_pictures.before_and_after(records.repair(), lang),
    "forest": lambda lang: study_pictures.forest(records.comparison(), lang),
    "seeds": lambda lang: study_pictures.seed_dots(records.comparison(), lang),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_a_complete_svg_the_same_each_time(name: str, lang: str) -> None:
    """It parses, has lines or bars and words, names a Chinese font for the reader, and has no date in it."""
    picture = PICTURES[name](lang)
    text = picture.svg()
    tree = ElementTree.fromstring(text)
    kinds = [node.tag.split("}")[1] for node in tree.iter()]
    assert kinds.count("path") > 5
    assert kinds.count("text") > 5
    assert "Noto Sans CJK SC" in text
    assert "metadata" not in kinds
    assert text == PICTURES[name](lang).svg()
    assert bool([c for c in text if "\u4e00" <= c <= "\u9fff"]) == (lang == "zh")


@pytest.mark.parametrize("name", ["curve", "histograms", "forest"])
def test_a_png_opens_and_is_not_empty(name: str, tmp_path: Path) -> None:
    """At 200 dots an inch, several colours, the same bytes each time; Chinese never gives a warning about glyphs."""
    picture = PICTURES[name]("zh")
    save(picture, str(tmp_path / "x.png"))
    data = (tmp_path / "x.png").read_bytes()
    pixels = imread(io.BytesIO(data))
    assert pixels.shape[:2] == (round(200 * picture.size[1]), round(200 * picture.size[0]))
    assert len({tuple(pixel) for pixel in pixels[::7, ::7].reshape(-1, 4).tolist()}) > 5
    assert data == PICTURES[name]("zh").png()


def test_layers_without_numbers_leave_the_picture_away_or_empty() -> None:
    """No gradient measured: no picture. Gaps in the prediction restart from what was measured."""
    silent = [records.layer(at, gradient_norm=None, predicted_gradient_factor=None) for at in range(3)]
    assert training_pictures.gradient_by_depth(silent, "en") is None
    partial = [records.layer(at, predicted_gradient_factor=None if at == 1 else 0.1) for at in range(3)]
    assert training_pictures.gradient_by_depth(partial, "en") is not None
    assert training_pictures.histograms([records.layer(0, histogram=((), ()))], "en").svg()


def test_many_layers_with_long_names_stay_readable() -> None:
    """Sixty layers: at most twelve histograms and two dozen labels, long paths cut from the left."""
    many = [records.layer(0, path=f"encoder.layers.{at}.feed_forward.activation") for at in range(60)]
    assert training_pictures.histograms(many, "en").svg().count("…") == 12
    assert training_pictures.unit_shares(many, "en").svg().count("…") <= 24
