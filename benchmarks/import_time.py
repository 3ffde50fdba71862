"""How long does it take to import actlab, and to list its names?

Prediction: beside `import torch` (about 1 s) `import actlab` costs less than 1 % more, since names load on first use;
the first `actlab.names()` without torch takes 30 to 50 ms, nearly all of it reading some 40 small files. Measured in
fresh interpreters, in alternation, with compiled files written beforehand: the time of the processor, which other work
on the machine disturbs little, as p20, p50 and p80 in milliseconds. One row is appended to results/import_time.jsonl.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from measuring import Spread, append, options, provenance

# what is timed -> (what runs before it, itself)
QUESTIONS = {
    "import_torch": ("", "import torch"),
    "import_actlab": ("", "import actlab"),
    "import_actlab_after_torch": ("import torch", "import actlab"),
    "first_names": ("import actlab", "actlab.names()"),
    "import_and_names": ("", "import actlab; actlab.names()"),
    "second_names": ("import actlab; actlab.names()", "actlab.names()"),
}


def once(before: str, timed: str, compiled: str) -> float:
    """Milliseconds of processor time that `timed` takes in a fresh interpreter after `before`."""
    program = f"{before}\nimport time\nstart = time.process_time()\n{timed}\nprint((time.process_time() - start) * 1e3)"
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    told = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**kept, "PYTHONPYCACHEPREFIX": compiled},
    )
    return float(told.stdout.split()[-1])


def main() -> None:
    """Measure, tell the milliseconds, add the row."""
    found = options(__doc__)
    found.add_argument("--repeats", type=int, default=10)
    chosen = found.parse_args()
    row: dict[str, Any] = {**provenance(chosen.threads), "repeats": chosen.repeats}
    times: dict[str, list[float]] = {question: [] for question in QUESTIONS}
    with tempfile.TemporaryDirectory() as compiled:
        for repeat in range(chosen.repeats + 1):
            for question, (before, timed) in QUESTIONS.items():
                taken = once(before, timed, compiled)
                if repeat:  # the first one compiles
                    times[question].append(taken)
    for question, measured in times.items():
        row[f"{question}_ms"] = [round(point, 2) for point in Spread.of(measured)]
        print(f"{question:27s} {statistics.median(measured):9.2f} ms", file=sys.stderr)
    medians = {question: statistics.median(measured) for question, measured in times.items()}
    row["actlab_over_torch"] = round(medians["import_actlab_after_torch"] / medians["import_torch"], 4)
    print(f"import actlab adds {row['actlab_over_torch']:.2%} to import torch", file=sys.stderr)
    append("import_time", row, chosen.into)


if __name__ == "__main__":
    main()
