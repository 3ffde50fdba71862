"""A small GPT on the source text of Python's standard library, written from scratch and trained on characters.

Two blocks of causal attention and GELU. The fault: the log-softmax runs over dimension 1, which is the class axis of
pictures but the time axis of text: scores of different places compete, later ones included, and the loss falls all
the same.
Run: python examples/small_gpt.py [--fault]
Examine: actlab doctor examples/small_gpt.py:case     or     actlab doctor examples/small_gpt.py:fault --repair

从零写起的小型 GPT，按字符学习 Python 标准库的源代码：两个因果注意力块，激活为 GELU。
故障：log-softmax 作用于第 1 维。对图像这是类别维，对文本却是时间维：不同位置（包括后面的位置）的得分互相竞争，而损失
照样下降。
"""

import argparse
import math
import sysconfig
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab

SYMBOLS, WIDTH, HEADS, BLOCKS, LENGTH, BATCH = 128, 64, 4, 2, 32, 16
FILES = ("argparse.py", "ast.py", "dataclasses.py", "inspect.py", "pathlib.py", "tarfile.py", "typing.py")


class Attention(nn.Module):
    """Each place looks at itself and at those before it, with several heads."""

    def __init__(self) -> None:
        super().__init__()
        self.queries, self.keys, self.values = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))
        self.out = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("future", torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, WIDTH) to the same."""
        n, t, _ = x.shape
        q, k, v = (
            make(x).view(n, t, HEADS, WIDTH // HEADS).transpose(1, 2) for make in (self.queries, self.keys, self.values)
        )
        likeness = q @ k.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)
        weights = likeness.masked_fill(self.future[:t, :t], -math.inf).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(n, t, WIDTH))


class Block(nn.Module):
    """Attention, then two layers with GELU between; both after a norm and added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.attention, self.norm2 = nn.LayerNorm(WIDTH), Attention(), nn.LayerNorm(WIDTH)
        self.widen, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, WIDTH) to the same."""
        x = x + self.attention(self.norm1(x))
        return x + self.narrow(F.gelu(self.widen(self.norm2(x))))


class GPT(nn.Module):
    """Log-probabilities of the next character, taken over dimension `over` of (N, T, SYMBOLS)."""

    def __init__(self, over: int = -1) -> None:
        super().__init__()
        self.symbols, self.places = nn.Embedding(SYMBOLS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.norm, self.scores, self.over = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, SYMBOLS, bias=False), over
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.normal_(weight, 0, 0.5 / WIDTH**0.5)

    def forward(self, text: Tensor) -> Tensor:
        """Character codes (N, T) to (N, T, SYMBOLS)."""
        x = self.symbols(text) + self.places(torch.arange(text.shape[1]))
        return F.log_softmax(self.scores(self.norm(self.blocks(x))), dim=self.over)


def surprise(output: Tensor, target: Tensor) -> Tensor:
    """The mean negative log-probability of the characters that came."""
    return F.nll_loss(output.flatten(0, 1), target.flatten())


def source() -> Tensor:
    """The ASCII codes of some modules of the standard library, one after the other."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    text = "\n".join((folder / name).read_text("utf-8") for name in FILES if (folder / name).is_file())
    return torch.tensor(list(text.encode("ascii", "ignore")))


def case(over: int = -1) -> actlab.Case:
    """The network, 1280 pieces of the text to train on and 320 held out, from places drawn at random."""
    codes = source()
    starts = torch.randint(len(codes) - LENGTH - 1, (100 * BATCH,), generator=torch.Generator().manual_seed(0))
    pieces = codes[starts[:, None] + torch.arange(LENGTH + 1)]
    batches = [(piece[:, :-1], piece[:, 1:]) for piece in pieces.split(BATCH)]

    torch.manual_seed(0)
    return actlab.Case(
        model=GPT(over),
        data=batches[:80],
        loss=surprise,
        task="multi-class",
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=3e-3),
        held_out=batches[80:],
        name="a small GPT" if over == -1 else "a small GPT, softmax over time",
    )


def fault() -> actlab.Case:
    """The same with the log-softmax over the places."""
    return case(over=1)


def train(program: actlab.Case, epochs: int) -> None:
    """Train and print the mean loss of every epoch, on the training text and on held-out text."""
    model = program.model
    optimizer = program.optimizer(model.parameters())
    for epoch in range(1, epochs + 1):
        total = 0.0
        for x, y in program.data:
            optimizer.zero_grad()
            loss = program.loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        with torch.no_grad():
            unseen = [program.loss(model(x), y).item() for x, y in program.held_out]
        print(f"epoch {epoch:2d}  loss {total / len(program.data):.4g}  held-out {sum(unseen) / len(unseen):.4g}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Train a small GPT on the standard library's source text.")
    options.add_argument("--fault", action="store_true", help="take the softmax over time")
    options.add_argument("--epochs", type=int, default=10)
    asked = options.parse_args()
    train(fault() if asked.fault else case(), asked.epochs)
