"""One of two processes that train together and are watched: `python two_ranks.py RANK FOLDER`, on the CPU."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.nn import functional as F

import actlab


def model() -> nn.Sequential:
    """Two hidden layers; half of the first fires on one rank's data only, the second is dead."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))
    nn.init.constant_(made[2].bias, -12.0)
    with torch.no_grad():
        made[0].bias[:16], made[0].weight[:16] = -1.0, 0.0
        made[0].weight[:16, 0] = 4.0  # the first feature is positive on rank 1 and negative on rank 0
    return made


def sharded(made: nn.Sequential) -> nn.Module:
    """With FSDP, layer by layer."""
    for layer in made:
        if isinstance(layer, nn.Linear):
            fully_shard(layer)
    return fully_shard(made)


def told(rank: int, kind: str) -> dict[str, object]:
    """What a watch of a short training says on this rank."""
    held = nn.parallel.DistributedDataParallel(model()) if kind == "ddp" else sharded(model())
    optimizer = torch.optim.SGD(held.parameters(), 1e-3)
    generator = torch.Generator().manual_seed(rank)
    with actlab.watch(held, optimizer, every=2) as watched:
        for _ in range(4):
            x = torch.randn(256, 16, generator=generator)
            x[:, 0] = x[:, 0].abs() * (2 * rank - 1)
            loss = F.cross_entropy(held(x), torch.arange(256) % 4)
            watched.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        during = watched.report()
    found = watched.diagnosis
    return {
        "findings": [finding.name for finding in watched.findings],
        "samples": found.samples,
        "own": [moment.dead["1"] for moment in watched.history],
        "dead": [row.dead_share_end for row in found.layers],
        "losses": list(found.losses),
        "during": during,
        "after": watched.report(),
    }


def main() -> None:
    """Join the other process, train under DDP and under FSDP, write what was seen."""
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder / 'store'}", rank=rank, world_size=2)
    seen = {kind: told(rank, kind) for kind in ("ddp", "fsdp")}
    torch.distributed.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main()
