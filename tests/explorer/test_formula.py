"""The page's own reader of formulas against `actlab.define`: same language, same numbers, texts that run."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch

import actlab
from actlab.language import grammar, parse
from actlab.renderers import latex
from actlab.renderers.javascript import functions

PROJECT = Path(__file__).parents[2] / "explorer"
CORPUS = json.loads((PROJECT / "tests/formulas.json").read_text(encoding="utf-8"))
NUMBERS = (1.5, 0.75, 2.0)  # of the free names, in their order
KINKS = (-3.0, -1.0, 0.0, 1.0, 3.0, 6.0)  # of the formulas of the corpus; there autograd may choose otherwise
X = (-20.0, -7.5, -3.0, -1.0, -0.3, -1e-6, 0.0, 1e-6, 0.5, 1.0, 2.0, 3.0, 6.0, 11.0, 40.0)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that hands texts to the page's reader, run by Node, and returns what it says."""
    esbuild = PROJECT / "node_modules/.bin/esbuild"
    if not esbuild.exists() or shutil.which("node") is None:
        pytest.skip("the page's own code needs Node and `npm ci` in explorer/")
    folder = tmp_path_factory.mktemp("formula")
    bundle, script = folder / "probe.mjs", folder / "functions.js"
    source = str(PROJECT / "tests/formula_probe.ts")
    options = ("--bundle", "--platform=node", "--format=esm", "--log-level=warning", f"--outfile={bundle}")
    subprocess.run([esbuild, source, *options], check=True)
    script.write_text(functions({}), encoding="utf-8")

    def ask(texts: Sequence[str]) -> Any:
        question = json.dumps({"texts": list(texts), "x": X, "numbers": NUMBERS})
        done = subprocess.run(["node", bundle, script], input=question, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return ask


def free(found: dict[str, Any]) -> dict[str, float]:
    """The parameters of a formula that the page has read, with the numbers it used."""
    return dict(zip(found["names"], found["given"], strict=True))


def disagreement(found: Sequence[str], expected: np.ndarray) -> float:
    """The largest difference between what the page and the reference say, in units of 1 or of the number itself."""
    ours = np.array([float(text) for text in found])
    same = (ours == expected) | (np.isnan(ours) & np.isnan(expected))
    assert np.array_equal(np.isnan(ours), np.isnan(expected)), (ours, expected)
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours - expected) / np.maximum(1, np.abs(expected))
    return float(np.where(same, 0.0, np.nan_to_num(apart, nan=np.inf)).max())


def sloped(function: Any) -> np.ndarray:
    """The slopes of a function of tensors at the places X, by autograd; NaN where a branch not taken spoils them."""
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    y = function(x)
    if not y.requires_grad:
        return np.zeros(len(X))
    return torch.autograd.grad(y.sum(), x)[0].numpy()


def expected(text: str, order: int, parameters: dict[str, float]) -> np.ndarray:
    """The reference's answer at the places X."""
    own = actlab.define(text, name="own_formula", **parameters)
    return np.asarray(actlab.slope(own, np.array(X), order=order, **parameters))


def test_a_planted_difference_is_seen() -> None:
    """Canary: the comparison of numbers notices an error of 1e-11, and a number where there should be none."""
    right = np.array([0.0, 3.0, -1e6, math.inf, math.nan])
    exact = list(map(repr, right.tolist()))
    assert disagreement(exact, right) == 0
    assert disagreement(["1e-11", *exact[1:]], right) > 1e-12
    assert disagreement([*exact[:2], "-1000000.0001", *exact[3:]], right) > 1e-12
    assert disagreement([*exact[:3], "-inf", exact[4]], right) > 1e-12
    with pytest.raises(AssertionError):
        disagreement([*exact[:4], "0"], right)


def test_the_grammar_is_that_of_define(page: Any) -> None:
    """Functions, their operands, constants and limits are those of the Python grammar."""
    told = page([])["grammar"]
    assert told["arities"] == {name: arity for name, (arity, _) in grammar._FUNCTIONS.items()}
    assert told["constants"] == grammar._CONSTANTS
    assert told["limits"] == [grammar.LONGEST, grammar.DEEPEST, grammar.LARGEST_EXPONENT, 1e300]


def test_what_define_reads_the_page_reads_with_the_same_numbers(page: Any) -> None:
    """Value, slope and curvature agree to 1e-12 at every place, kinks and overflow included."""
    texts = CORPUS["read"]
    worst = 0.0
    for text, found in zip(texts, page(texts)["read"], strict=True):
        assert found["ok"], (text, found)
        for order, part in enumerate(("value", "slope", "curvature")):
            off = disagreement(found[part], expected(text, order, free(found)))
            assert off <= 1e-12, (text, part, off)
            worst = max(worst, off)
    assert len(texts) > 50 and worst > 0


def test_what_define_refuses_the_page_refuses_with_a_place_and_two_sentences(page: Any) -> None:
    """A wrong formula is refused by both; the page says where, and why in English and Chinese."""
    for (text, at), found in zip(CORPUS["refused"], page([text for text, _ in CORPUS["refused"]])["read"], strict=True):
        with pytest.raises(ValueError):
            actlab.define(text, name="own_formula", **({"a": 1.0} if "a + x" in text else {}))
        assert not found["ok"], text
        assert found["at"] == at, (text, found)
        english, chinese = found["message"]["en"], found["message"]["zh"]
        assert english[-1] in ".?)" and "{" not in english + chinese
        assert any("一" <= letter <= "鿿" for letter in chinese), chinese


def written(rng: random.Random, depth: int) -> str:
    """A random formula of x, a and b."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(("x", "x", "x", "a", "b", "0.5", "2", "0", "1", "3", "pi"))
    names = [name for name in grammar._FUNCTIONS if name != "where"]
    part = lambda: written(rng, depth - 1)  # noqa: E731
    kind = rng.random()
    if kind < 0.4:
        return f"({part()} {rng.choice('+-*/')} {part()})"
    if kind < 0.5:
        return f"-{part()}"
    if kind < 0.57:
        return f"({part()})^{rng.choice(('2', '3', '-1', '0.5', 'a', '(-2)'))}"
    if kind < 0.7:
        return f"where({part()} {rng.choice(('<', '<=', '>', '>='))} {part()}, {part()}, {part()})"
    name = rng.choice(names)
    return f"{name}({', '.join(part() for _ in range(grammar._FUNCTIONS[name][0]))})"


def spoiled(rng: random.Random, text: str) -> str:
    """The text with one character lost, doubled or replaced."""
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(("", text[at] * 2, rng.choice("()*+-/^<>,.x1 ae_=#"))) + text[at + 1 :]


def test_random_formulas_are_the_same_expression_in_both(page: Any) -> None:
    """Of 300 random formulas and 600 spoiled ones both readers take the same ones, with the same LaTeX."""
    rng = random.Random(1)
    whole = [written(rng, 4) for _ in range(300)]
    texts = whole + [spoiled(rng, rng.choice(whole)) for _ in range(600)]
    taken = 0
    for text, found in zip(texts, page(texts)["read"], strict=True):
        names = found["names"] if found["ok"] else ("a", "b")
        try:
            expr = parse(text, ("x", *names))
        except ValueError:
            expr = None
        lost = expr is not None and {"x", *names} - {"x"} - expr.symbols
        agreed = found["ok"] == (expr is not None) or (not found["ok"] and lost)
        unknown = not found["ok"] and any(
            word in found["message"]["en"] for word in ("not a function", "is a function")
        )
        assert agreed or unknown, (text, found)
        if found["ok"] and expr is not None:
            assert not lost and found["latex"] == latex(expr), text
            taken += 1
    assert taken > 250


def test_every_text_to_copy_runs_and_says_the_same(page: Any) -> None:
    """The PyTorch text gives define's values, and its slopes by autograd; the JAX text the values, read with numpy."""
    texts = CORPUS["read"]
    x = torch.tensor(X, dtype=torch.float64)
    jnp = SimpleNamespace(**{name: getattr(np, name) for name in np.__all__ if not name.startswith("_")})
    special = SimpleNamespace(erf=scipy.special.erf, ndtr=scipy.special.ndtr)
    nn = SimpleNamespace(
        sigmoid=scipy.special.expit,
        relu=lambda a: np.maximum(a, 0),
        softplus=lambda a: np.logaddexp(a, 0),
        log_sigmoid=lambda a: -np.logaddexp(-a, 0),
        soft_sign=lambda a: a / (1 + np.abs(a)),
    )
    libraries = {"jax": SimpleNamespace(nn=nn, scipy=SimpleNamespace(special=special)), "jnp": jnp}
    compared = 0
    for text, found in zip(texts, page(texts)["read"], strict=True):
        space: dict[str, Any] = {}
        exec(found["torch"], space)
        y = space["my_activation"](x)
        assert y.dtype == x.dtype and y.shape == x.shape, text
        value = expected(text, 0, free(found))
        assert disagreement(list(map(str, y.tolist())), value) <= 1e-12, (text, found["torch"])
        slopes = sloped(space["my_activation"])
        sure = np.isfinite(slopes) & ~np.isin(X, KINKS)
        assert slopes[sure] == pytest.approx(expected(text, 1, free(found))[sure], rel=1e-9, abs=1e-9), text
        compared += int(sure.sum())
        lines = [line for line in found["jax"].splitlines() if not line.startswith("import")]
        exec("\n".join(lines), space := dict(libraries))
        with np.errstate(all="ignore"):
            y = space["my_activation"](np.array(X))
        assert disagreement(list(map(str, y.tolist())), value) <= 1e-12, (text, found["jax"])
        exec(found["python"].replace("my_activation", "own_copy"), space := {})
        assert math.isclose(float(actlab.value(space["own_copy"], 0.5)), float(value[X.index(0.5)])), text
    assert compared > 8 * len(texts)
