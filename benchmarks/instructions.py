"""How many machine instructions our kernel spends on an element: the limit that binds where memory does not."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import torch

from actlab.catalogue import ENTRIES
from actlab.nn.call import prepare
from actlab.renderers.llvm_loops import kernel_text
from actlab.renderers.spelling import CannotSpell
from actlab.runtime import Kernel
from actlab.runtime.admission import admitted, plan_of
from actlab.runtime.machine import Unavailable, assembly, lanes

_VECTOR = re.compile(r"\b[xyz]mm\d|\bv\d+\.\d[a-z]\b|\bz\d+\.[bhsd]\b")  # x86, and the two kinds of ARM


@cache
def per_element(name: str, dtype: str) -> float | None:
    """Instructions of the vector loop of the entry's value per element; None where no kernel serves."""
    made = prepare(ENTRIES[name], {}).run
    kind = getattr(torch, dtype)
    if not isinstance(made, Kernel) or kind not in (torch.float32, torch.float64):
        return None
    try:
        part = admitted(made, kind)
        text = part and kernel_text(replace(plan_of(made, part, kind), lanes=lanes()))
        return round(_longest(assembly(text)) / lanes(), 2) if text else None
    except (CannotSpell, Unavailable):
        return None


def _longest(text: str) -> int:
    """Instructions between two labels, where most of them work on vectors."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        part = line.split("#")[0].strip()
        if part.endswith(":"):
            blocks.append([])
        elif part and not part.startswith("."):
            blocks[-1].append(part)
    return len(max(blocks, key=lambda block: sum(bool(_VECTOR.search(part)) for part in block)))
