"""How long is the first call of a function on a machine, and in the next process?

Prediction: beyond importing torch and llvmlite, the first value and gradient take 0.1 to 0.4 s where nothing is kept
yet (compiling, and proving the kernel against the formula), and 0.1 s, nearly all of it importing actlab, where both
are. Measured in fresh processes, in alternation: an empty cache, then the same cache again; seconds by the clock, and
what each part took. One row per function and cache: results/cpu_first_call.jsonl.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from measuring import Spread, append, options, provenance

PARTS = ("import_torch", "import_llvmlite", "import_actlab", "value", "value_and_gradient")
_PROGRAM = """
import time
moments = [time.perf_counter()]
done = lambda: moments.append(time.perf_counter())
import torch; done()
import llvmlite.binding; done()
import actlab; actlab.functional; done()
torch.set_num_threads({threads})
x = torch.linspace(-4, 4, 1000)
f = actlab.functional.{name}
with torch.no_grad(): f(x)
done()
f(x.requires_grad_()).sum().backward(); done()
print([b - a for a, b in zip(moments, moments[1:])])
"""


def parts(name: str, cache: str, threads: int) -> list[float]:
    """Seconds of every part in a fresh process that keeps its kernels in a folder."""
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(name=name, threads=threads)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "ACTLAB_CACHE": cache, "ACTLAB_NATIVE": "1"},
    )
    return json.loads(told.stdout.splitlines()[-1])


def main() -> None:
    """Measure what is asked for, tell the seconds, add the rows."""
    found = options(__doc__)
    usual = ["relu", "gelu", "mish", "softplus", "tanh", "snake"]
    found.add_argument("names", nargs="*", default=usual, metavar="NAME", help="entries of one tensor")
    found.add_argument("--repeats", type=int, default=5)
    asked = found.parse_args()
    about = provenance(asked.threads)
    seen: dict[tuple[str, str], list[list[float]]] = {}
    with tempfile.TemporaryDirectory() as cache:  # compiles Python files and fills the system's caches
        parts(asked.names[0], cache, asked.threads)
    for _ in range(asked.repeats):
        for name in asked.names:
            with tempfile.TemporaryDirectory() as cache:
                for kept in ("empty", "warm"):
                    seen.setdefault((name, kept), []).append(parts(name, cache, asked.threads))
    for (name, kept), taken in seen.items():
        own = PARTS.index("import_actlab")
        columns = {part: [row[k] for row in taken] for k, part in enumerate(PARTS)}
        columns["beyond_imports"] = [sum(row[own:]) for row in taken]
        told = {part: [round(point, 4) for point in Spread.of(column)] for part, column in columns.items()}
        row = {"entry": name, "cache": kept, "repeats": asked.repeats, "s": told}
        append("cpu_first_call", {**about, **row}, asked.into)
        line = "  ".join(f"{part} {median:.3f}" for part, (_, median, _) in told.items())
        print(f"{name:12s} {kept:6s} {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
