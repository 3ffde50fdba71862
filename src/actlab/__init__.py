"""The activation-function laboratory for PyTorch.

Four questions, one package: what is this function (`entry`, `value`, `slope`, `properties`, `latex`), I want to use it
(`nn`, `functional`, `create`, `swap`), why does my network not learn (`examine`, `repair`; `predict` and `memory`
before training, `watch` during it), which one should I choose (`advise`, `compare`). Names load on first use: the
catalogue and the mathematics work without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# public name -> where it lives; `nn` and `functional` are modules
HOMES = {
    "names": "catalogue.lookup",
    "entry": "catalogue.lookup",
    "define": "catalogue.lookup",
    "gated": "catalogue.lookup",
    "activation": "catalogue",
    "latex": "theory.formulas",
    "value": "theory.evaluate",
    "slope": "theory.evaluate",
    "properties": "theory",
    "gain": "theory",
    "create": "nn",
    "swap": "nn",
    "lean": "nn",
    "nn": "",
    "functional": "nn",
    "Case": "doctor",
    "examine": "doctor",
    "watch": "doctor",
    "predict": "doctor",
    "memory": "doctor",
    "repair": "doctor",
    "advise": "advice",
    "compare": "study",
    "testing": "",
}
__all__ = ["__version__", *HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'actlab' has no attribute {name!r}")
    if home == "":
        return import_module(f".{name}", __name__)
    found = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
