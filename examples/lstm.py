"""An LSTM (Hochreiter & Schmidhuber 1997), its cell written from scratch, that recalls a marked symbol.

Of 12 random symbols one is marked; after the last one the network says which it was: always right after ten epochs.
The fault: all weights are drawn from N(0, 1), whatever the width. Sums over 128 units are then so large that gates
start fully open or shut and pass no gradient; one answer in five is right, where guessing gives one in six.
Run: python examples/lstm.py [--fault]
Examine: actlab doctor examples/lstm.py:case     or     actlab doctor examples/lstm.py:fault --repair

从零写起的 LSTM（Hochreiter 与 Schmidhuber 1997），回忆被标记的符号：12 个随机符号中有一个带标记，读完后说出是哪个；
十轮后全对。故障：所有权重取自 N(0, 1) 而未按宽度缩放，128 个单元之和过大，各个门一开始就全开或全关，不传梯度；五次只对
一次，随机猜测则是六次对一次。
"""

import argparse

import torch
from torch import Tensor, nn

import actlab

SYMBOLS, LENGTH, WIDTH = 6, 12, 128


class LSTM(nn.Module):
    """One layer, read to its end, then a score for each symbol; weights of this deviation, if one is given."""

    def __init__(self, deviation: float | None = None) -> None:
        super().__init__()
        self.read = nn.Linear(SYMBOLS + 1, 4 * WIDTH)
        self.recur = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.scores = nn.Linear(WIDTH, SYMBOLS)
        for block in self.recur.weight.chunk(4):
            nn.init.orthogonal_(block)
        nn.init.zeros_(self.read.bias)
        nn.init.ones_(self.read.bias[WIDTH : 2 * WIDTH].detach())  # the forget gate starts open: Jozefowicz et al. 2015
        if deviation is not None:
            for layer in (self.read, self.recur):
                nn.init.normal_(layer.weight, 0, deviation)

    def forward(self, x: Tensor) -> Tensor:
        """Sequences (N, LENGTH, SYMBOLS + 1) to scores (N, SYMBOLS)."""
        h = c = x.new_zeros(len(x), WIDTH)
        for step in self.read(x).unbind(1):
            enter, forget, out, new = (step + self.recur(h)).chunk(4, -1)
            c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
            h = out.sigmoid() * c.tanh()
        return self.scores(h)


def case(deviation: float | None = None) -> actlab.Case:
    """The network, 2048 sequences to train on and 512 held out."""
    chance = torch.Generator().manual_seed(0)
    symbols = torch.randint(SYMBOLS, (2560, LENGTH), generator=chance)
    marked = torch.randint(LENGTH, (2560,), generator=chance)
    mark = nn.functional.one_hot(marked, LENGTH)
    x = torch.cat([nn.functional.one_hot(symbols, SYMBOLS), mark[..., None]], -1).float()
    y = symbols.gather(1, marked[:, None])[:, 0]
    batches = list(zip(x.split(64), y.split(64), strict=True))

    torch.manual_seed(0)
    return actlab.Case(
        model=LSTM(deviation),
        data=batches[:32],
        loss=nn.CrossEntropyLoss(),
        task="multi-class",
        optimizer=lambda parameters: torch.optim.Adam(parameters, lr=5e-3),
        held_out=batches[32:],
        name="an LSTM" if deviation is None else "an LSTM with weights from N(0, 1)",
    )


def fault() -> actlab.Case:
    """The same with weights from N(0, 1)."""
    return case(deviation=1.0)


def train(program: actlab.Case, epochs: int) -> None:
    """Train and print the mean loss and the held-out accuracy of every epoch."""
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
            right = [(model(x).argmax(1) == y).float().mean().item() for x, y in program.held_out]
        print(
            f"epoch {epoch:2d}  loss {total / len(program.data):.4g}  held-out accuracy {sum(right) / len(right):.3f}"
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Train an LSTM to recall a marked symbol.")
    options.add_argument("--fault", action="store_true", help="draw the weights from N(0, 1)")
    options.add_argument("--epochs", type=int, default=10)
    asked = options.parse_args()
    train(fault() if asked.fault else case(), asked.epochs)
