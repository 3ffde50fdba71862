"""MathML, for pages: browsers draw it without a script."""

from __future__ import annotations

import math
import re
from html import escape

from ..language import Expr
from .infix import ATOM, FRACTION, LOOSE, POWER, PRODUCT, REACH, SIGN, SUM, Cell, Style, write_infix
from .plain_text import STYLE as PLAIN

_ROW = "<mrow>{}</mrow>"
# names of several letters run into what stands beside them
_ENDS_IN_WORD = re.compile(r"<mi>\w\w+</mi>(?:</mrow>)*$")
_STARTS_WITH_WORD = re.compile(r"(?:<m(?:row|sup|sub)>)*<mi>\w\w+</mi>(?!<mo>&#8289;)")


def _name(name: str, index: str) -> str:
    text = f"<mi>{escape(PLAIN.name(name, ''))}</mi>"
    return f"<msub>{text}<mi>{index}</mi></msub>" if index else text


def _constant(value: float) -> tuple[str, float]:
    if value < 0:
        return f"<mrow><mo>−</mo>{_constant(-value)[0]}</mrow>", SIGN
    if value in (math.sqrt(2), 2 * math.sqrt(2)):
        factor = "" if value == math.sqrt(2) else "<mn>2</mn>"
        return f"<mrow>{factor}<msqrt><mn>2</mn></msqrt></mrow>", PRODUCT if factor else ATOM
    text, binds = PLAIN.constant(value)
    if "/" in text:
        top, bottom = text.split("/")
        return f"<mfrac><mn>{top}</mn><mn>{bottom}</mn></mfrac>", FRACTION
    return f"<mn>{text}</mn>", binds


def _cases(rows: list[tuple[str, str | None]]) -> str:
    told = [(value, f"<mtext>if&#160;</mtext>{test}" if test else "<mtext>otherwise</mtext>") for value, test in rows]
    cells = "".join(f"<mtr><mtd>{value}</mtd><mtd>{test}</mtd></mtr>" for value, test in told)
    return f'<mrow><mo stretchy="true">{{</mo><mtable>{cells}</mtable></mrow>'


def _call(symbol: str) -> Cell:
    return Cell(f"<mrow><mi>{symbol}</mi><mo>&#8289;</mo><mo>(</mo>{{0}}<mo>)</mo></mrow>", ATOM, (LOOSE,))


def _pair(symbol: str) -> Cell:
    return Cell(f"<mrow><mi>{symbol}</mi><mo>(</mo>{{0}}<mo>,</mo>{{1}}<mo>)</mo></mrow>", ATOM, (LOOSE, LOOSE))


def _over_row(symbol: str) -> Cell:
    text = f"<mrow><mi>{symbol}</mi><mo>(</mo>{{0}}<mo>)</mo></mrow>"
    return Cell(text, ATOM, (LOOSE,), ((0, "j"),))


def _compare(sign: str) -> Cell:
    return Cell(f"<mrow>{{0}}<mo>{sign}</mo>{{1}}</mrow>", LOOSE, (SIGN, SIGN))


def _product(a: str, b: str) -> str:
    dotted = b.startswith(("<mn>", "<mfrac>")) or _ENDS_IN_WORD.search(a) or _STARTS_WITH_WORD.match(b)
    return _ROW.format(f"{a}<mo>{'·' if dotted else '&#8290;'}</mo>{b}")


def _bessel(order: str, argument: str) -> str:
    inside = f"<mo>(</mo>{argument}<mo>)</mo>"
    if order == "<mn>0</mn>":
        return _ROW.format(f"<mi>sinc</mi>{inside}")
    if order == "<mn>1</mn>":
        top = f"<mi>sin</mi>{inside}<mo>−</mo>{argument}<mo>&#8290;</mo><mi>cos</mi>{inside}"
        return f"<mfrac><mrow>{top}</mrow><msup>{argument}<mn>2</mn></msup></mfrac>"
    return _ROW.format(f"<msub><mi>j</mi>{order}</msub>{inside}")


_E = "<msup><mi>e</mi>{0}</msup>"
_SIGMA = "<mi>σ</mi><mo>(</mo>{0}<mo>)</mo>"
_ONE = "<mn>1</mn>"

STYLE = Style(
    target="mathml",
    name=_name,
    constant=_constant,
    parentheses="<mrow><mo>(</mo>{0}<mo>)</mo></mrow>",
    cases=_cases,
    cells={
        "add": Cell("<mrow>{0}<mo>+</mo>{1}</mrow>", SUM, (SIGN, SUM)),
        "sub": Cell("<mrow>{0}<mo>−</mo>{1}</mrow>", SUM, (SIGN, PRODUCT)),
        "mul": Cell(_product, PRODUCT, (PRODUCT, PRODUCT)),
        "damp": Cell(_product, PRODUCT, (PRODUCT, PRODUCT)),
        "div": Cell("<mfrac>{0}{1}</mfrac>", FRACTION, (LOOSE, LOOSE)),
        "neg": Cell("<mrow><mo>−</mo>{0}</mrow>", SIGN, (PRODUCT,)),
        "power": Cell("<msup>{0}{1}</msup>", POWER, (ATOM, LOOSE)),
        "hypot": Cell(
            "<msqrt><msup>{0}<mn>2</mn></msup><mo>+</mo><msup>{1}<mn>2</mn></msup></msqrt>", ATOM, (ATOM, ATOM)
        ),
        "hypotm1": Cell(
            f"<mrow><msqrt><msup>{{0}}<mn>2</mn></msup><mo>+</mo>{_ONE}</msqrt><mo>−</mo>{_ONE}</mrow>", SUM, (ATOM,)
        ),
        "ramp": Cell(
            "<mfrac><mrow>{0}<mo>+</mo><msqrt><msup>{0}<mn>2</mn></msup><mo>+</mo><msup>{1}<mn>2</mn></msup></msqrt>"
            "</mrow><mn>2</mn></mfrac>",
            FRACTION,
            (ATOM, ATOM),
        ),
        "abs": Cell("<mrow><mo>|</mo>{0}<mo>|</mo></mrow>", ATOM, (LOOSE,)),
        "sign": _call("sgn"),
        "maximum": _pair("max"),
        "minimum": _pair("min"),
        "lt": _compare("&lt;"),
        "le": _compare("≤"),
        "gt": _compare("&gt;"),
        "ge": _compare("≥"),
        "sqrt": Cell("<msqrt>{0}</msqrt>", ATOM, (LOOSE,)),
        "exp": Cell(_E, POWER, (LOOSE,)),
        "expm1": Cell(f"<mrow>{_E}<mo>−</mo>{_ONE}</mrow>", SUM, (LOOSE,)),
        "log": _call("ln"),
        "log1p": Cell(f"<mrow><mi>ln</mi><mo>(</mo>{_ONE}<mo>+</mo>{{0}}<mo>)</mo></mrow>", ATOM, (SUM,)),
        "sigmoid": _call("σ"),
        "sigmoid_slope": Cell(f"<mrow>{_SIGMA}<mo>(</mo>{_ONE}<mo>−</mo>{_SIGMA}<mo>)</mo></mrow>", PRODUCT, (LOOSE,)),
        "log_sigmoid": Cell(f"<mrow><mi>ln</mi><mo>&#8289;</mo>{_SIGMA}</mrow>", REACH, (LOOSE,)),
        "softplus": Cell(f"<mrow><mi>ln</mi><mo>(</mo>{_ONE}<mo>+</mo>{_E}<mo>)</mo></mrow>", ATOM, (LOOSE,)),
        "tanh": _call("tanh"),
        "tanh_slope": Cell(
            f"<mrow>{_ONE}<mo>−</mo><msup><mi>tanh</mi><mn>2</mn></msup><mo>(</mo>{{0}}<mo>)</mo></mrow>", SUM, (LOOSE,)
        ),
        "softsign": Cell(
            f"<mfrac>{{0}}<mrow>{_ONE}<mo>+</mo><mo>|</mo>{{0}}<mo>|</mo></mrow></mfrac>", FRACTION, (LOOSE,)
        ),
        "sinh": _call("sinh"),
        "cosh": _call("cosh"),
        "sech": _call("sech"),
        "log_cosh": Cell(
            "<mrow><mi>ln</mi><mo>&#8289;</mo><mi>cosh</mi><mo>(</mo>{0}<mo>)</mo></mrow>", REACH, (LOOSE,)
        ),
        "erf": _call("erf"),
        "Phi": _call("Φ"),
        "phi": _call("φ"),
        "probit": Cell(
            "<mrow><msup><mi>Φ</mi><mrow><mo>−</mo><mn>1</mn></mrow></msup><mo>(</mo>{0}<mo>)</mo></mrow>",
            ATOM,
            (LOOSE,),
        ),
        "sin": _call("sin"),
        "cos": _call("cos"),
        "atan": _call("arctan"),
        "asinh": _call("arsinh"),
        "bessel": Cell(_bessel, FRACTION, (LOOSE, ATOM)),
        "straight": Cell("{0}", SUM, (SUM,), ((0, ""),)),
        "total": Cell("<mrow><munder><mo>∑</mo><mi>j</mi></munder>{0}</mrow>", REACH, (PRODUCT,), ((0, "j"),)),
        "mean": _over_row("mean"),
        "rms": _over_row("rms"),
        "unit": Cell(
            "<mfrac>{0}<msqrt><munder><mo>∑</mo><mi>k</mi></munder>"
            "<msup><mrow><mo>(</mo>{1}<mo>)</mo></mrow><mn>2</mn></msup></msqrt></mfrac>",
            FRACTION,
            (LOOSE, LOOSE),
            ((0, ""), (0, "k")),
        ),
        "logsumexp": Cell(
            "<mrow><mi>ln</mi><munder><mo>∑</mo><mi>k</mi></munder><msup><mi>e</mi>{0}</msup></mrow>",
            REACH,
            (LOOSE,),
            ((0, "k"),),
        ),
        "excess": _pair("excess"),
        "share": _pair("share"),
        "winners": _pair("top"),
        "block_winners": _pair("topOfBlock"),
        "block_total": _pair("sumOfBlock"),
        "join": _pair("join"),
        "softmax": Cell(
            f"<mfrac>{_E}<mrow><munder><mo>∑</mo><mi>k</mi></munder><msup><mi>e</mi>{{1}}</msup></mrow></mfrac>",
            FRACTION,
            (LOOSE, LOOSE),
            ((0, ""), (0, "k")),
        ),
        "log_softmax": Cell(
            "<mrow>{0}<mo>−</mo><mi>ln</mi><munder><mo>∑</mo><mi>k</mi></munder><msup><mi>e</mi>{1}</msup></mrow>",
            SUM,
            (SIGN, LOOSE),
            ((0, ""), (0, "k")),
        ),
    },
)


def mathml(expr: Expr, index: str = "") -> str:
    """The formula as one `<math>` element; `index` subscripts the input of an along-axis formula."""
    return f'<math display="inline" xmlns="http://www.w3.org/1998/Math/MathML">{write_infix(STYLE, expr, index)}</math>'
