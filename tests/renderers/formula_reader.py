"""A reader of printed formulas, as a person reads them: to check that what is printed means what is computed.

It knows ordinary precedence and nothing of the printers. Where a person could be misled it takes the misleading
reading: a logarithm or a sum without parentheses reaches over everything up to the next plus or minus.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Env = dict[str, Any]  # "x", "t": a number or a row; parameters: numbers; "_i", "_j", "_k": positions in the row
Meaning = Callable[[Env], float]

_LATEX = re.compile(
    r"\\left\||\\right\||\\(?:left|right)(?=[()])|\\begin\{cases\}|\\end\{cases\}|\\text\{if \}|\\text\{otherwise\}"
    r"|\\operatorname\{(\w+)\}|\\mathit\{((?:\w|\\_)+)\}|\\\\|\\,|\\[a-zA-Z]+|\d+\.?\d*(?:e[+-]\d+)?|[a-zA-Z]|\S"
)
_PLAIN = re.compile(r"\d+\.?\d*(?:e[+-]?\d+)?|if\b|otherwise\b|[a-zA-Z_]+\d*|\S")
_GREEK = dict(
    zip(
        "αβγδλμστθωκρεζ",
        [
            *("alpha", "beta", "gamma", "delta", "lambda", "mu", "sigma", "tau", "theta", "omega", "kappa", "rho"),
            *("epsilon", "zeta"),
        ],
        strict=True,
    )
)
_SUPER = {"²": "2", "³": "3", "⁴": "4"}
_SUB = {"ᵢ": "i", "ⱼ": "j", "ₖ": "k"}
_RENAMED = {"sgn": "sgn", "Φ": "Phi", "φ": "varphi", "√": "sqrt", "Σ": "sum"}


def _safe(f: Callable[..., float]) -> Callable[..., float]:
    def run(*values: float) -> float:
        try:
            found = f(*values)
            return found if isinstance(found, float) else math.nan  # a root of a negative number is complex
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan

    return run


def _sinc(x: float) -> float:
    return math.sin(x) / x if x else 1.0


FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "exp": _safe(math.exp),
    "ln": _safe(math.log),
    "tanh": math.tanh,
    "sinh": _safe(math.sinh),
    "cosh": _safe(math.cosh),
    "sech": _safe(lambda x: 1 / math.cosh(x)),
    "sin": math.sin,
    "cos": math.cos,
    "arctan": math.atan,
    "arsinh": math.asinh,
    "erf": math.erf,
    "sgn": lambda x: float((x > 0) - (x < 0)),
    "max": max,
    "min": min,
    "sinc": _sinc,
    "sqrt": _safe(math.sqrt),
    "Phi": lambda x: math.erfc(-x / math.sqrt(2)) / 2,
    "varphi": _safe(lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi)),
    "probit": _safe(lambda p: statistics.NormalDist().inv_cdf(p) if 0 < p < 1 else math.nan),
    "sigma": _safe(lambda x: 1 / (1 + math.exp(-x))),
}


def _first_largest(row: list[float], count: float) -> list[float]:
    chosen = sorted(range(len(row)), key=lambda k: (-row[k], k))[: int(count)]
    return [float(k in chosen) for k in range(len(row))]


def _blocks(row: list[float], size: float) -> list[list[float]]:
    return [row[k : k + int(size)] for k in range(0, len(row), int(size))]


def _level(row: list[float], grown: Callable[[float], float], goal: float) -> float:
    low, high = min(row) - 1.0, max(row)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(grown(a - middle) for a in row) >= goal else (low, middle)
    return low


def _excess(row: list[float], power: float) -> list[float]:
    t = _level(row, lambda u: max(u, 0.0) ** power, 1.0)
    return [max(a - t, 0.0) for a in row]


def _share(row: list[float], budget: float) -> list[float]:
    t = _level(row, lambda u: min(max(u, 0.0), 1.0), min(budget, len(row)))
    return [min(max(a - t, 0.0), 1.0) for a in row]


# what looks at a whole row: takes the row and, if it has one, the number printed first
ROWS: Mapping[str, Callable[..., list[float]]] = {
    "mean": lambda row: [sum(row) / len(row)],
    "rms": lambda row: [math.sqrt(sum(a * a for a in row) / len(row))],
    "excess": _excess,
    "share": _share,
    "top": _first_largest,
    "topOfBlock": lambda row, size: [y for block in _blocks(row, size) for y in _first_largest(block, 1)],
    "sumOfBlock": lambda row, size: [sum(block) for block in _blocks(row, size)],
}


_DIVIDE = _safe(lambda p, q: p / q)
_POWER = _safe(lambda p, q: p**q)


def _combined(compute: Callable[[float, float], float], left: Meaning, right: Meaning) -> Meaning:
    return lambda env: compute(left(env), right(env))


class _Reader:
    def __init__(self, tokens: Sequence[str], latex: bool) -> None:
        self.tokens, self.at, self.latex, self.index = list(tokens), 0, latex, "_i"

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        assert token and (not expected or token in expected), f"{token!r} where {expected} should stand: {self.tokens}"
        self.at += 1
        return token

    def expression(self) -> Meaning:
        sign = -1.0 if self.peek() == "-" and self.take() else 1.0
        first = self.term()
        parts: list[tuple[float, Meaning]] = [(sign, first)]
        while self.peek() in ("+", "-"):
            sign = 1.0 if self.take() == "+" else -1.0
            parts.append((sign, self.term()))
        return lambda env: sum(s * part(env) for s, part in parts)

    def term(self) -> Meaning:
        made = self.factor()
        while True:
            token = self.peek()
            if token in ("*", "/"):
                self.take()
                right, left = self.factor(), made
                if token == "/":
                    made = _combined(_DIVIDE, left, right)
                    continue
            elif self.latex and token and self.starts(token):
                right, left = self.factor(), made
            else:
                return made
            made = _combined(lambda p, q: p * q, left, right)

    def starts(self, token: str) -> bool:
        return token[0].isalnum() or token in ("(", "{", "[|", "cases", "frac", "sqrt", "sum", "infty")

    def factor(self) -> Meaning:
        base = self.base()
        while self.peek() == "^":
            self.take()
            base = _combined(_POWER, base, self.script())
        return base

    def script(self) -> Meaning:
        if self.peek() in ("{", "("):
            return self.group()
        number = float(self.take())
        return lambda env: number

    def group(self) -> Meaning:
        opened = self.take("{", "(")
        inside = self.expression()
        self.take({"{": "}", "(": ")"}[opened])
        return inside

    def base(self) -> Meaning:
        token = self.peek()
        if token == "cases":
            return self.cases()
        if token in ("(", "{"):
            return self.group()
        self.take()
        if token in ("[|", "|"):
            inside = self.expression()
            self.take("|]", "|")
            return lambda env: abs(inside(env))
        if token == "frac":
            above, below = self.group(), self.group()
            return _combined(_DIVIDE, above, below)
        if token == "sqrt" and self.peek() == "{":
            inside = self.group()
            return lambda env: _safe(math.sqrt)(inside(env))
        if token == "sqrt" and self.peek()[0].isdigit():
            number = math.sqrt(float(self.take()))
            return lambda env: number
        if token == "sum":
            self.take("_")
            index = "_" + self.take()
            outer, self.index = self.index, index
            inside = self.term()
            self.index = outer
            return lambda env: sum(inside({**env, index: k}) for k in range(len(env["x"])))
        if token in ROWS or token == "join":
            return self.row(token)
        if token[0].isdigit():
            return lambda env: float(token)
        if (token in FUNCTIONS and self.peek() in ("(", "^")) or token in ("ln",):
            return self.function(token)
        return self.name(token)

    def function(self, name: str) -> Meaning:
        power = 1.0
        if self.peek() == "^":
            self.take()
            power = float(self.take())
        if self.peek() != "(":  # a logarithm without parentheses reaches as far as it can
            arguments = [self.term()]
        else:
            self.take("(")
            arguments = [self.expression()]
            while self.peek() == ",":
                self.take()
                arguments.append(self.expression())
            self.take(")")
        return lambda env: FUNCTIONS[name](*(argument(env) for argument in arguments)) ** power

    def row(self, name: str) -> Meaning:
        outer = self.index
        self.index = index = "_j" if name in ("mean", "rms") else outer
        self.take("(")
        arguments = [self.expression()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.expression())
        self.take(")")
        self.index = outer

        def meaning(env: Env) -> float:
            if name == "join":
                part, at = divmod(env[outer], len(env["x"]))
                return arguments[part]({**env, index: at})
            *numbers, inside = arguments
            row = [inside({**env, index: k}) for k in range(len(env["x"]))]
            found = ROWS[name](row, *(number(env) for number in numbers))
            return found[env[outer]] if len(found) > 1 else found[0]

        return meaning

    def name(self, name: str) -> Meaning:
        index = ""
        if self.peek() == "_":
            self.take()
            index = "_" + self.take()
        constants = {"pi": math.pi, "e": math.e, "infty": math.inf}
        if name in constants:
            return lambda env: constants[name]
        if name == "j" and index[1:].isdigit():
            raise AssertionError("spherical Bessel functions above 1 are printed as symbols")
        return lambda env: env[name][env[index]] if index else env[name]

    def cases(self) -> Meaning:
        self.take("cases")
        rows: list[tuple[Meaning, Callable[[Env], bool]]] = []
        while True:
            value = self.expression()
            if self.peek() == "&":
                self.take()
            if self.take("if", "otherwise") == "otherwise":
                self.take("end")
                break
            left, sign, right = self.expression(), self.take("<", "<=", ">", ">="), self.expression()
            rows.append((value, lambda env, a=left, s=sign, b=right: _holds(a(env), s, b(env))))
            self.take("\\\\", ";")
        return lambda env: next((v(env) for v, test in rows if test(env)), value(env))


def _holds(a: float, sign: str, b: float) -> bool:
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]


def _latex_tokens(text: str) -> list[str]:
    renamed = {
        r"\left|": "[|", r"\right|": "|]", r"\begin{cases}": "cases", r"\end{cases}": "end", r"\text{if }": "if",
        r"\text{otherwise}": "otherwise", r"\,": "*", r"\cdot": "*", r"\le": "<=", r"\ge": ">=", r"\tfrac": "frac",
    }  # fmt: skip
    tokens: list[str] = []
    for match in _LATEX.finditer(text):
        token = match.group()
        named = match.group(1) or match.group(2)
        if token in (r"\left", r"\right"):
            continue
        token = named.replace("\\_", "_") if named else renamed.get(token, token)
        tokens.append(token.removeprefix("\\") if token != "\\\\" else token)
    return tokens


def _plain_tokens(text: str) -> list[str]:
    for sign, said in {"−": "-", "·": "*", "≤": "<=", "≥": ">=", "∞": "infty", "π": "pi", "2√2": "(2*√2)"}.items():
        text = text.replace(sign, f" {said} " if len(said) > 2 else said)
    text = re.sub(r"\{ ", " cases ", text).replace(" }", " end")
    tokens: list[str] = []
    signs = "αβγδλμστθωκρεζΦφΣ√"
    for letter_run in re.findall(rf"[<>]=|[²³⁴]|[ᵢⱼₖ]|[{signs}]|[^<>=²³⁴ᵢⱼₖ{signs}]+|.", text):
        if letter_run in _SUPER:
            tokens += ["^", _SUPER[letter_run]]
        elif letter_run in _SUB:
            tokens += ["_", _SUB[letter_run]]
        elif letter_run in ("<=", ">="):
            tokens.append(letter_run)
        elif letter_run == "σ":
            tokens.append("sigma")
        elif letter_run in _GREEK or letter_run in _RENAMED:
            tokens.append(_GREEK.get(letter_run) or _RENAMED[letter_run])
        else:
            tokens += _PLAIN.findall(letter_run)
    return tokens


def read(text: str, latex: bool = True) -> Meaning:
    """The meaning of a printed formula: a function of an environment; AssertionError where it cannot be read."""
    reader = _Reader(_latex_tokens(text) if latex else _plain_tokens(text), latex)
    meaning = reader.expression()
    assert reader.at == len(reader.tokens), f"unread: {reader.tokens[reader.at :]} in {text}"
    return meaning
