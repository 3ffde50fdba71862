"""One of two processes that train a lean model together: `python lean_ranks.py RANK FOLDER`, on the CPU."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch import distributed, nn

import actlab


def model() -> nn.Sequential:
    """Three layers with activations of ours and of torch."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 24), actlab.nn.Gelu(), nn.Linear(24, 24), nn.SiLU(), nn.Linear(24, 3))


def main() -> None:
    """Train a step plain, lean inside and lean outside; leave the gradients and the bytes not held in FOLDER."""
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    meeting = f"file://{(folder / 'meeting').as_posix()}"
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    x = torch.randn(20, 6, generator=torch.Generator().manual_seed(rank))
    both = nn.parallel.DistributedDataParallel
    told = {}
    for name, one in (
        ("plain", both(model())),
        ("inside", both(actlab.lean(model()))),
        ("outside", actlab.lean(both(model()))),
    ):
        one(x).square().sum().backward()
        kept = actlab.nn.Lean.of(one.module if name == "inside" else one)
        told[name] = {
            "gradients": [parameter.grad.tolist() for parameter in one.parameters()],
            "bytes_saved": kept.bytes_saved if kept else 0,
        }
    (folder / f"{rank}.json").write_text(json.dumps(told), encoding="utf-8")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
