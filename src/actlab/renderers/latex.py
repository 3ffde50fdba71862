"""LaTeX, for documents and pages."""

from __future__ import annotations

import math
from fractions import Fraction

from ..language import Expr
from .infix import ATOM, FRACTION, LOOSE, POWER, PRODUCT, REACH, SIGN, SUM, Cell, Style, call, write_infix

GREEK = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "theta", "kappa", "lambda", "mu", "rho", "sigma", "tau"),
    "omega",
}
_NAMED = {math.pi: r"\pi", math.sqrt(2): r"\sqrt{2}", 2 * math.sqrt(2): r"2\sqrt{2}", math.e: "e", math.inf: r"\infty"}


def _name(name: str, index: str) -> str:
    if name in GREEK:
        text = f"\\{name}"
    elif len(name) == 1:
        text = name
    else:
        text = r"\mathit{" + name.replace("_", r"\_") + "}"
    return f"{text}_{index}" if index else text


def _constant(value: float) -> tuple[str, float]:
    if value < 0:
        return f"-{_constant(-value)[0]}", SIGN
    if value in _NAMED:
        return _NAMED[value], ATOM if value != 2 * math.sqrt(2) else PRODUCT
    ratio = Fraction(value).limit_denominator(64)
    if ratio.denominator > 1 and float(ratio) == value and ratio.denominator not in (2, 4, 5, 8, 10, 20, 25, 40, 50):
        return rf"\tfrac{{{ratio.numerator}}}{{{ratio.denominator}}}", FRACTION
    text = f"{value:.6g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", PRODUCT
    return text, ATOM


def _product(a: str, b: str) -> str:
    return rf"{a} \cdot {b}" if b[0].isdigit() or b.startswith(r"\tfrac") else rf"{a}\,{b}"


def _cases(rows: list[tuple[str, str | None]]) -> str:
    lines = [rf"{value} & \text{{if }} {test}" if test else rf"{value} & \text{{otherwise}}" for value, test in rows]
    return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"


def _power(base: str, exponent: str) -> str:
    return f"{{{base}}}^{{{exponent}}}"


def _bessel(order: str, argument: str) -> str:
    if order == "0":
        return rf"\operatorname{{sinc}}\left({argument}\right)"
    if order == "1":
        return rf"\frac{{\sin\left({argument}\right) - {argument}\cos\left({argument}\right)}}{{{{{argument}}}^2}}"
    return rf"j_{{{order}}}\left({argument}\right)"


def _function(symbol: str) -> Cell:
    return call(symbol, r"{name}\left({{0}}\right)")


def _over_row(symbol: str) -> Cell:
    return Cell(rf"\operatorname{{{{{symbol}}}}}\left({{0}}\right)", ATOM, (LOOSE,), ((0, "j"),))


def _counted(symbol: str) -> Cell:
    return Cell(rf"\operatorname{{{{{symbol}}}}}\left({{0}}, {{1}}\right)", ATOM, (LOOSE, LOOSE))


STYLE = Style(
    target="latex",
    name=_name,
    constant=_constant,
    parentheses=r"\left({0}\right)",
    cases=_cases,
    cells={
        "add": Cell("{0} + {1}", SUM, (SIGN, SUM)),
        "sub": Cell("{0} - {1}", SUM, (SIGN, PRODUCT)),
        "mul": Cell(_product, PRODUCT, (PRODUCT, PRODUCT)),
        "damp": Cell(_product, PRODUCT, (PRODUCT, PRODUCT)),
        "div": Cell(r"\frac{{{0}}}{{{1}}}", FRACTION, (LOOSE, LOOSE)),
        "neg": Cell("-{0}", SIGN, (PRODUCT,)),
        "power": Cell(_power, POWER, (ATOM, LOOSE)),
        "hypot": Cell(r"\sqrt{{{0}^2 + {1}^2}}", ATOM, (ATOM, ATOM)),
        "hypotm1": Cell(r"\sqrt{{{0}^2 + 1}} - 1", SUM, (ATOM,)),
        "ramp": Cell(r"\frac{{{0} + \sqrt{{{0}^2 + {1}^2}}}}{{2}}", FRACTION, (ATOM, ATOM)),
        "abs": Cell(r"\left|{0}\right|", ATOM, (LOOSE,)),
        "sign": _function(r"\operatorname{{sgn}}"),
        "maximum": Cell(r"\max\left({0}, {1}\right)", ATOM, (LOOSE, LOOSE)),
        "minimum": Cell(r"\min\left({0}, {1}\right)", ATOM, (LOOSE, LOOSE)),
        "lt": Cell("{0} < {1}", LOOSE, (SIGN, SIGN)),
        "le": Cell(r"{0} \le {1}", LOOSE, (SIGN, SIGN)),
        "gt": Cell("{0} > {1}", LOOSE, (SIGN, SIGN)),
        "ge": Cell(r"{0} \ge {1}", LOOSE, (SIGN, SIGN)),
        "sqrt": Cell(r"\sqrt{{{0}}}", ATOM, (LOOSE,)),
        "exp": Cell("e^{{{0}}}", POWER, (LOOSE,)),
        "expm1": Cell("e^{{{0}}} - 1", SUM, (LOOSE,)),
        "log": _function(r"\ln"),
        "log1p": Cell(r"\ln\left(1 + {0}\right)", ATOM, (SUM,)),
        "sigmoid": _function(r"\sigma"),
        "sigmoid_slope": Cell(r"\sigma\left({0}\right)\left(1 - \sigma\left({0}\right)\right)", PRODUCT, (LOOSE,)),
        "log_sigmoid": Cell(r"\ln \sigma\left({0}\right)", REACH, (LOOSE,)),
        "softplus": Cell(r"\ln\left(1 + e^{{{0}}}\right)", ATOM, (LOOSE,)),
        "tanh": _function(r"\tanh"),
        "tanh_slope": Cell(r"1 - \tanh^2\left({0}\right)", SUM, (LOOSE,)),
        "sinh": _function(r"\sinh"),
        "cosh": _function(r"\cosh"),
        "sech": _function(r"\operatorname{{sech}}"),
        "log_cosh": Cell(r"\ln \cosh\left({0}\right)", REACH, (LOOSE,)),
        "softsign": Cell(r"\frac{{{0}}}{{1 + \left|{0}\right|}}", FRACTION, (LOOSE,)),
        "erf": _function(r"\operatorname{{erf}}"),
        "Phi": _function(r"\Phi"),
        "phi": _function(r"\varphi"),
        "probit": _function(r"\operatorname{{probit}}"),
        "sin": _function(r"\sin"),
        "cos": _function(r"\cos"),
        "atan": _function(r"\arctan"),
        "asinh": _function(r"\operatorname{{arsinh}}"),
        "bessel": Cell(_bessel, FRACTION, (LOOSE, ATOM)),
        "straight": Cell("{0}", SUM, (SUM,), ((0, ""),)),
        "total": Cell(r"\sum_j {0}", REACH, (PRODUCT,), ((0, "j"),)),
        "mean": _over_row("mean"),
        "rms": _over_row("rms"),
        "unit": Cell(
            r"\frac{{{0}}}{{\sqrt{{\sum_k \left({1}\right)^2}}}}", FRACTION, (LOOSE, LOOSE), ((0, ""), (0, "k"))
        ),
        "logsumexp": Cell(r"\ln \sum_k e^{{{0}}}", REACH, (LOOSE,), ((0, "k"),)),
        "excess": _counted("excess"),
        "share": _counted("share"),
        "winners": _counted("top"),
        "block_winners": _counted("topOfBlock"),
        "block_total": _counted("sumOfBlock"),
        "join": _counted("join"),
        "softmax": Cell(r"\frac{{e^{{{0}}}}}{{\sum_k e^{{{1}}}}}", FRACTION, (LOOSE, LOOSE), ((0, ""), (0, "k"))),
        "log_softmax": Cell(r"{0} - \ln \sum_k e^{{{1}}}", SUM, (SIGN, LOOSE), ((0, ""), (0, "k"))),
    },
)


def latex(expr: Expr, index: str = "") -> str:
    """The formula in LaTeX; `index` subscripts the input of an along-axis formula."""
    return write_infix(STYLE, expr, index)
