"""One line of Unicode, for terminals."""

from __future__ import annotations

import math
from fractions import Fraction

from ..language import Expr
from .infix import ATOM, FRACTION, LOOSE, POWER, PRODUCT, REACH, SIGN, SUM, Cell, Style, call, write_infix

_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "lambda": "λ",
    "mu": "μ",
    "sigma": "σ",
    "tau": "τ",
    "theta": "θ",
    "omega": "ω",
    "kappa": "κ",
    "rho": "ρ",
    "epsilon": "ε",
    "zeta": "ζ",
}
_NAMED = {math.pi: "π", math.sqrt(2): "√2", 2 * math.sqrt(2): "2√2", math.e: "e", math.inf: "∞"}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = {"i": "ᵢ", "j": "ⱼ", "k": "ₖ", "": ""}


def _name(name: str, index: str) -> str:
    return _GREEK.get(name, name) + _SUBSCRIPT[index]


def _constant(value: float) -> tuple[str, float]:
    if value < 0:
        return f"−{_constant(-value)[0]}", SIGN
    if value in _NAMED:
        return _NAMED[value], ATOM
    ratio = Fraction(value).limit_denominator(64)
    if ratio.denominator in (3, 6, 7, 9, 12) and float(ratio) == value:
        return f"{ratio.numerator}/{ratio.denominator}", FRACTION
    return f"{value:.6g}", ATOM


def _power(base: str, exponent: str) -> str:
    return base + (exponent.translate(_SUPERSCRIPT) if exponent.isdigit() else f"^({exponent})")


def _cases(rows: list[tuple[str, str | None]]) -> str:
    return "{ " + "; ".join(f"{value} if {test}" if test else f"{value} otherwise" for value, test in rows) + " }"


def _bessel(order: str, argument: str) -> str:
    if order == "1":
        return f"(sin({argument}) − {argument}·cos({argument}))/{argument}²"
    return f"sinc({argument})" if order == "0" else f"j{order}({argument})"


def _counted(symbol: str) -> Cell:
    return Cell(f"{symbol}({{0}}, {{1}})", ATOM, (LOOSE, LOOSE))


STYLE = Style(
    target="plain_text",
    name=_name,
    constant=_constant,
    parentheses="({0})",
    cases=_cases,
    cells={
        "add": Cell("{0} + {1}", SUM, (SIGN, SUM)),
        "sub": Cell("{0} − {1}", SUM, (SIGN, PRODUCT)),
        "mul": Cell("{0}·{1}", PRODUCT, (PRODUCT, PRODUCT)),
        "damp": Cell("{0}·{1}", PRODUCT, (PRODUCT, PRODUCT)),
        "div": Cell("{0}/{1}", PRODUCT, (PRODUCT, POWER)),
        "neg": Cell("−{0}", SIGN, (PRODUCT,)),
        "power": Cell(_power, POWER, (ATOM, LOOSE)),
        "hypot": Cell("√({0}² + {1}²)", ATOM, (ATOM, ATOM)),
        "hypotm1": Cell("√({0}² + 1) − 1", SUM, (ATOM,)),
        "ramp": Cell("({0} + √({0}² + {1}²))/2", PRODUCT, (ATOM, ATOM)),
        "abs": Cell("|{0}|", ATOM, (LOOSE,)),
        "sign": call("sgn"),
        "maximum": Cell("max({0}, {1})", ATOM, (LOOSE, LOOSE)),
        "minimum": Cell("min({0}, {1})", ATOM, (LOOSE, LOOSE)),
        "lt": Cell("{0} < {1}", LOOSE, (SIGN, SIGN)),
        "le": Cell("{0} ≤ {1}", LOOSE, (SIGN, SIGN)),
        "gt": Cell("{0} > {1}", LOOSE, (SIGN, SIGN)),
        "ge": Cell("{0} ≥ {1}", LOOSE, (SIGN, SIGN)),
        "sqrt": call("√"),
        "exp": call("exp"),
        "expm1": Cell("exp({0}) − 1", SUM, (LOOSE,)),
        "log": call("ln"),
        "log1p": Cell("ln(1 + {0})", ATOM, (SUM,)),
        "sigmoid": call("σ"),
        "sigmoid_slope": Cell("σ({0})·(1 − σ({0}))", PRODUCT, (LOOSE,)),
        "log_sigmoid": Cell("ln σ({0})", REACH, (LOOSE,)),
        "softplus": Cell("ln(1 + exp({0}))", ATOM, (LOOSE,)),
        "tanh": call("tanh"),
        "tanh_slope": Cell("1 − tanh²({0})", SUM, (LOOSE,)),
        "sinh": call("sinh"),
        "cosh": call("cosh"),
        "sech": call("sech"),
        "log_cosh": Cell("ln cosh({0})", REACH, (LOOSE,)),
        "softsign": Cell("{0}/(1 + |{0}|)", PRODUCT, (POWER,)),
        "erf": call("erf"),
        "Phi": call("Φ"),
        "phi": call("φ"),
        "probit": call("probit"),
        "sin": call("sin"),
        "cos": call("cos"),
        "atan": call("arctan"),
        "asinh": call("arsinh"),
        "bessel": Cell(_bessel, PRODUCT, (LOOSE, ATOM)),
        "straight": Cell("{0}", SUM, (SUM,), ((0, ""),)),
        "total": Cell("Σⱼ {0}", REACH, (PRODUCT,), ((0, "j"),)),
        "mean": Cell("mean({0})", ATOM, (LOOSE,), ((0, "j"),)),
        "rms": Cell("rms({0})", ATOM, (LOOSE,), ((0, "j"),)),
        "unit": Cell("{0}/√(Σₖ ({1})²)", PRODUCT, (PRODUCT, LOOSE), ((0, ""), (0, "k"))),
        "logsumexp": Cell("ln Σₖ exp({0})", REACH, (LOOSE,), ((0, "k"),)),
        "excess": _counted("excess"),
        "share": _counted("share"),
        "winners": _counted("top"),
        "block_winners": _counted("topOfBlock"),
        "block_total": _counted("sumOfBlock"),
        "join": _counted("join"),
        "softmax": Cell("exp({0})/Σₖ exp({1})", REACH, (LOOSE, LOOSE), ((0, ""), (0, "k"))),
        "log_softmax": Cell("{0} − ln Σₖ exp({1})", SUM, (SIGN, LOOSE), ((0, ""), (0, "k"))),
    },
)


def plain_text(expr: Expr, index: str = "") -> str:
    """The formula on one line; `index` subscripts the input of an along-axis formula."""
    return write_infix(STYLE, expr, index)
