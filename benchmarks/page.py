"""The page that says where the CPU kernels win, tie and lose: docs/benchmarks.md in two languages, with a picture.

Everything on it is read from the rows of results; nothing is measured here.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from measuring import RESULTS
from page_picture import picture
from reading import LOSE, WIN, Cell, Results, Row, mean, verdict
from targets import BFLOAT, GRADIENT, IN_PLACE, NAMED, SMALL, TARGETS, Outcome, outcome

from actlab.report.files import write

LANGUAGES = {"en": "", "zh": ".zh-CN"}  # language -> what its files have before their ending
DOCS = Path(__file__).parents[1] / "docs"
_BYTES = 8  # read and written per element, which here is always float32
_NEAR = 0.75  # of a limit, from where it is the one that binds
_MIDDLE = Cell(elements=2**14)
_OVERVIEW = (
    *(Cell(), GRADIENT, SMALL, _MIDDLE, BFLOAT, Cell(dtype="float16")),
    *(Cell(output="fresh"), Cell(output="in-place"), IN_PLACE),
)
_RIVALS = ("aten", "text", "compile", "torch-activation")
WAYS = ("aten", "ours", "lean", "output", "inplace", "code8", "checkpoint", "compile")  # of training
_SINGLE = ("pointwise", "float32")
Say = Callable[..., str]


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Key -> text in a language."""
    return json.loads((Path(__file__).parent / "text" / f"{lang}.json").read_text("utf-8"))


def speaking(lang: str) -> Say:
    """What says a key in a language, with values filled in."""
    return lambda key, **values: texts(lang)[key].format(**values)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; nothing where there are no rows."""
    lines = [head, ["---"] * len(head), *rows]
    return "" if len(lines) == 2 else "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(number: float) -> str:
    """A ratio or a time, with two decimals below ten."""
    return f"{number:.2f}" if abs(number) < 10 else f"{number:.0f}"


def _marked(say: Say, ratio: float) -> str:
    return say(verdict(ratio), ratio=short(ratio))


def _ratio(say: Say, row: Row | None, who: str) -> str:
    if row is None or who not in row["ratio"]:
        return say("nothing")
    low, middle, high = row["ratio"][who]
    told = short(middle) if who == "copy" else _marked(say, middle)  # nobody is to beat the limit
    return f"{told} ({short(low)}–{short(high)})"


def _columns(say: Say, *keys: str) -> list[str]:
    return [say(f"column.{key}") for key in keys]


def _names(numbers: Mapping[str, float], most: int = 12) -> str:
    told = ", ".join(f"`{name}` {short(number)}" for name, number in list(numbers.items())[:most])
    return told + (f" … +{len(numbers) - most}" if len(numbers) > most else "")


def _targets(say: Say, outcomes: Sequence[Outcome]) -> str:
    rows: list[list[str]] = []
    for each in outcomes:
        target = each.target
        bound = say("at.most" if target.fold == "most" else "at.least", bound=f"{target.bound:g}")
        if each.measured is None:
            measured, told = say("nothing"), say("verdict.unknown")
        else:
            measured = short(each.measured)
            key = "verdict.reached" if each.reached else "verdict.missed"
            if target.fold != "mean" and each.count > 1 and not each.reached:
                key = "verdict.missed.names"
            told = say(key, count=len(each.beyond), of=each.count, names=_names(each.beyond, 8))
        rows.append([say(f"target.{target.key}"), bound, measured, told])
    return table(_columns(say, "what", "target", "measured", "verdict"), rows)


def _slowest_first(ratios: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(ratios.items(), key=lambda pair: pair[1]))


def _cell(say: Say, cell: Cell) -> str:
    work, output = say(f"work.{cell.work}"), say(f"output.{cell.output}")
    return say("cell", log2=round(math.log2(cell.elements)), dtype=cell.dtype, work=work, output=output)


def _overview(say: Say, results: Results) -> str:
    rows: list[list[str]] = []
    for cell in _OVERVIEW:
        for who in _RIVALS:
            ratios = results.ratios(who, cell)
            if not ratios:
                continue
            counts = [sum(verdict(ratio) == kind for ratio in ratios.values()) for kind in ("win", "tie", "lose")]
            losing = {name: ratio for name, ratio in _slowest_first(ratios).items() if ratio < LOSE}
            told = [str(len(ratios)), short(mean(ratios.values())), *map(str, counts)]
            if losing:
                told[-1] += f": {_names(losing)}"
            rows.append([_cell(say, cell), say(f"rival.{who}"), *told])
    return table(_columns(say, "cell", "rival", "count", "mean", "wins", "ties", "losses"), rows)


def _gigabytes(row: Row, who: str) -> float:
    return _BYTES / row["ns"][who][1]


def _torch(say: Say, results: Results) -> str:
    rows: list[list[str]] = []
    gradient = results.cell(GRADIENT)
    for name, row in results.cell(Cell()).items():
        if "aten" in row["ratio"]:
            rows.append(
                [
                    *(f"`{name}`", short(row["ns"]["ours"][1]), short(row["ns"]["copy"][1])),
                    *(_ratio(say, row, "aten"), _ratio(say, gradient.get(name), "aten"), _ratio(say, row, "text")),
                ]
            )
    return table(_columns(say, "function", "ns", "copy", "value", "gradient", "text"), rows)


def _sized(say: Say, results: Results, cells: Mapping[str, Cell]) -> str:
    """A row for each function that torch has, and for each cell its value and gradient against ATen."""
    head = _columns(say, "function")
    columns: list[Mapping[str, Row]] = []
    for title, cell in cells.items():
        for work in ("value", "gradient"):
            head.append(say("column.of", what=title, column=say(f"column.{work}")))
            columns.append(results.cell(cell._replace(work=work)))
    names = [name for name, row in columns[0].items() if "aten" in row["ratio"]] if columns else []
    return table(head, [[f"`{name}`", *(_ratio(say, one.get(name), "aten") for one in columns)] for name in names])


def _calls(say: Say, results: Results) -> str:
    """What a call of a small tensor takes, the median over the functions that torch has."""
    rows = [row for row in results.cell(SMALL).values() if "aten" in row["ratio"]]
    if not rows:
        return ""
    taken = {who: statistics.median(row["ns"][who][1] for row in rows) for who in ("ours", "aten", "text", "copy")}
    told = say("small.read", **{who: short(ns * SMALL.elements / 1e3) for who, ns in taken.items()})
    bare = [row["ns"]["empty"][1] / row["ns"]["aten"][1] for row in rows if "empty" in row["ns"]]
    return f"{told} {say('small.empty', share=f'{statistics.median(bare):.0%}')}" if bare else told


def _outputs(say: Say, results: Results) -> str:
    fresh, held = results.cell(Cell(output="fresh")), results.cell(Cell(output="in-place"))
    names = [name for name, row in {**fresh, **held}.items() if "aten" in row["ratio"]]
    titles = (say("column.of", what=say(f"output.{kind}"), column=say("column.aten")) for kind in ("fresh", "in-place"))
    rows = [[f"`{name}`", *(_ratio(say, one.get(name), "aten") for one in (fresh, held))] for name in names]
    return table([*_columns(say, "function"), *titles], rows)


def _lacking(say: Say, results: Results) -> list[str]:
    ratios = _slowest_first(results.ratios("text", Cell(), lacking=True))
    if not ratios:
        return [""]
    folds = {"least": min, "most": max, "mean": mean, "median": statistics.median}
    told = say("lacking.read", count=len(ratios), **{key: short(fold(ratios.values())) for key, fold in folds.items()})
    names, cell = list(ratios), results.cell(Cell())
    shown = dict.fromkeys([*names[:10], *names[-10:]])
    head = [*_columns(say, "function", "ns", "copy"), *(f"× {say(f'rival.{who}')}" for who in _RIVALS[1:])]
    return [
        told,
        table(
            head,
            [
                [
                    *(f"`{name}`", short(cell[name]["ns"]["ours"][1]), short(cell[name]["ns"]["copy"][1])),
                    *(_ratio(say, cell[name], who) for who in _RIVALS[1:]),
                ]
                for name in shown
            ],
        ),
    ]


def _training(say: Say, results: Results) -> str:
    rows = [
        [
            *(network, f"`{name}`", f"{row['ms']['ours'][1]:.1f}"),
            *(_ratio(say, row, who) for who in ("aten", "text", "compile")),
            f"{row['ratio']['identity'][1]:.0%}",
        ]
        for (network, name), row in results.training.items()
    ]
    keys = ("network", "function", "ms", "aten", "composition", "compile", "identity")
    return table(_columns(say, *keys), rows)


def _kept(say: Say, results: Results) -> list[str]:
    """Bytes kept for backward: of torch's functions, of gated units, and how many of all functions have each way."""
    rows = [
        [f"`{name}`", dtype, *(_bytes(say, row, who) for who in WAYS)]
        for (name, dtype), row in results.kept.items()
        if "aten" in row["bytes"] and (row["kind"] == "gated" or dtype == "float32")
    ]
    if not rows:
        return [""]
    single = [row["bytes"] for (_, dtype), row in results.kept.items() if (row["kind"], dtype) == _SINGLE]
    counts = {who: sum(who in row for row in single) for who in ("output", "code8")}
    least = {f"{who}_most": short(max(row[who] for row in single if who in row)) for who in ("lean", "output", "code8")}
    return [
        say("memory.read", count=len(single), **counts, **least),
        table([*_columns(say, "function", "dtype"), *(say(f"way.{who}") for who in WAYS)], rows),
    ]


def _bytes(say: Say, row: Row, who: str) -> str:
    return f"{row['bytes'][who]:.4g}" if who in row["bytes"] else say("nothing")


def _steps(say: Say, results: Results) -> str:
    """Peak and time of a training step, by way of keeping."""
    rows: list[list[str]] = []
    for (work, name), row in results.steps.items():
        size = f"{row['batch']} × {row['width']} × {row['depth']}"
        head = [say(f"memory.{work}"), f"`{name}`", size]
        if work == "peak":
            own = say("memory.mebibytes", count=f"{row['bytes']['aten'] / 2**20:.0f}")
            rows.append([*head, own, *(short(row["of_aten"][w]) if w in row["of_aten"] else "–" for w in WAYS)])
        else:
            cells = {
                who: f"{short(middle)} ({short(low)}–{short(high)})"
                for who, (low, middle, high) in row["ratio"].items()
            }
            own = say("memory.milliseconds", count=f"{row['ms']['ours'][1]:.0f}")
            rows.append([*head, own, *(cells.get(who, "1" if who == "ours" else say("nothing")) for who in WAYS)])
    return table([*_columns(say, "cell", "function", "network", "unit"), *(say(f"way.{who}") for who in WAYS)], rows)


def _first(say: Say, results: Results) -> str:
    rows = [
        [
            f"`{name}`",
            say(f"first.{kept}"),
            *(f"{row['s'][part][1]:.2f}" for part in ("beyond_imports", "import_actlab")),
        ]
        for (name, kept), row in results.first_calls.items()
    ]
    return table(_columns(say, "function", "cache", "seconds", "importing"), rows)


def _along_axis(say: Say, results: Results) -> str:
    rows = [
        [
            *(f"`{name}`", " × ".join(map(str, shape)), str(dim), dtype, say(f"work.{work}")),
            *(_ratio(say, row, who) for who in ("aten", "entmax", "copy")),
        ]
        for (name, shape, dim, dtype, work), row in results.along_axis.items()
    ]
    head = [*_columns(say, "function", "shape", "dim", "dtype", "cell", "aten", "entmax"), f"× {say('column.copy')}"]
    return table(head, rows)


def _limits(say: Say, results: Results) -> list[str]:
    """What misses a target for large tensors, between copy and the best rate of instructions."""
    counted = {name: row for name, row in results.cell(Cell()).items() if "instructions" in row}
    if not counted:
        return [""]
    best = max(row["instructions"] / row["ns"]["ours"][1] for row in counted.values())
    moved = statistics.median(_gigabytes(row, "copy") for row in counted.values())
    aten, held = results.ratios("aten", Cell()), _slowest_first(results.ratios("copy", IN_PLACE))
    missed = [(name, Cell()) for name, ratio in aten.items() if ratio < (3 if name in NAMED else LOSE)]
    missed += [(name, IN_PLACE) for name, ratio in list(held.items())[:10] if ratio < 1 / 1.4]
    rows = [
        _limit(say, cell, name, results.cell(cell)[name], best)
        for name, cell in missed
        if "instructions" in results.cell(cell)[name]
    ]
    keys = ("aten", "ns", "gigabytes", "of_copy", "instructions", "rate", "of_best", "binds")
    told = say("limits.read", rate=short(best), gigabytes=f"{moved:.0f}")
    return [told, table(_columns(say, "function", "cell", *keys), rows)]


def _nodes(say: Say, results: Results) -> list[str]:
    """What a gradient through a node in Python can reach: ATen's own work behind such a node, against ATen."""
    rows = [
        [
            f"`{name}`",
            _ratio(say, row, "aten"),
            short(row["ns"]["aten"][1] / row["ns"]["node"][1]),
            short(row["ns"]["node"][1] / row["ns"]["ours"][1]),
        ]
        for name, row in results.cell(GRADIENT).items()
        if {"aten", "node"} <= set(row["ratio"])
    ]
    if not rows:
        return []
    return [say("nodes.read"), table(_columns(say, "function", "gradient", "node", "of_node"), rows)]


def _limit(say: Say, cell: Cell, name: str, row: Row, best: float) -> list[str]:
    own, rate = _gigabytes(row, "ours"), row["instructions"] / row["ns"]["ours"][1]
    shares = {"memory": own / _gigabytes(row, "copy"), "instructions": rate / best}
    which = max(shares, key=lambda key: shares[key])
    return [
        *(f"`{name}`", _cell(say, cell), _ratio(say, row, "aten"), short(row["ns"]["ours"][1]), f"{own:.1f}"),
        *(f"{shares['memory']:.0%}", short(row["instructions"]), short(rate), f"{shares['instructions']:.0%}"),
        say(f"binds.{which}" if shares[which] >= _NEAR else "binds.other"),
    ]


def page(results: Results, lang: str) -> str:
    """The page in one language, as Markdown."""
    say = speaking(lang)
    about: dict[str, Any] = {
        key: (", ".join(map(str, part)) if isinstance(part, list) else part) or say("nothing")
        for key, part in results.about.items()
    }
    half = {kind: Cell(dtype=kind) for kind in ("bfloat16", "float16")}
    parts = [
        *(f"# {say('title')}", say("other"), say("intro"), say("about", **about), say("read", win=WIN, lose=LOSE)),
        *(f"## {say('targets')}", say("targets.read")),
        _targets(say, [outcome(target, results) for target in TARGETS]),
        f"![{say('picture.alt', elements='2^20')}](pictures/cpu_kernels{LANGUAGES[lang]}.svg)",
        *(f"## {say('overview')}", say("overview.read"), _overview(say, results)),
        *(f"## {say('torch')}", _torch(say, results)),
        *(f"## {say('small')}", _calls(say, results), _sized(say, results, {"256": SMALL, "16384": _MIDDLE})),
        *(f"## {say('half')}", say("half.read"), _sized(say, results, half)),
        *(f"## {say('outputs')}", say("outputs.read"), _outputs(say, results)),
        *(f"## {say('lacking')}", *_lacking(say, results)),
        *(f"## {say('training')}", say("training.read"), _training(say, results)),
        *(f"## {say('memory')}", *_kept(say, results), say("memory.steps"), _steps(say, results)),
        *(f"## {say('first')}", _first(say, results)),
        *(f"## {say('rows')}", say("rows.read"), _along_axis(say, results)),
        *(f"## {say('limits')}", *_limits(say, results), *_nodes(say, results)),
    ]
    return "\n\n".join(part or say("verdict.unknown") for part in parts) + "\n"


def build(source: Path, docs: Path) -> list[Path]:
    """Write the page and its picture in every language from the rows in a folder; the files written."""
    results = Results(source)
    written: list[Path] = []
    for lang, ending in LANGUAGES.items():
        written.append(write(docs / f"benchmarks{ending}.md", page(results, lang)))
        drawn = picture(results.cell(Cell()), speaking(lang), lang)
        written.append(write(docs / "pictures" / f"cpu_kernels{ending}.svg", drawn.svg()))
    return written


def main() -> None:
    """Write the page from the rows of results."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--source", type=Path, default=RESULTS, metavar="DIR", help="where the rows are")
    options.add_argument("--docs", type=Path, default=DOCS, metavar="DIR", help="where the page goes")
    asked = options.parse_args()
    for path in build(asked.source, asked.docs):
        print(path)


if __name__ == "__main__":
    main()
