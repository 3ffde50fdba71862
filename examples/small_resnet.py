"""A small residual network (He et al. 2016, pre-activation) on scikit-learn's digits, written from scratch.

Six blocks with batch norm find 0.97 of the held-out digits after ten epochs. The fault: the norms are forgotten. The
size of the weights, which a norm makes harmless, now counts: every block multiplies the variance, the loss starts at
893 instead of 2.4 and is NaN before the first epoch ends.
Run: python examples/small_resnet.py [--fault]
Examine: actlab doctor examples/small_resnet.py:case     or     actlab doctor examples/small_resnet.py:fault --repair

从零写起的小型残差网络（预激活，He 等 2016），数据为 scikit-learn 手写数字：六个带批归一化的块，十轮后留出准确率 0.97。
故障：忘了归一化。有归一化时权重大小无关紧要，如今每块都把方差放大数倍：损失从 893（而非 2.4）开始，第一轮未完即成 NaN。
"""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

import actlab

WIDTHS = (8, 8, 8, 16, 16, 16)  # channels of each block; where they grow the picture is halved


def convolution(before: int, after: int, stride: int = 1) -> nn.Conv2d:
    """3 x 3, drawn without looking at the width: behind a norm any size will do."""
    made = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
    nn.init.normal_(made.weight, 0, 0.3)
    return made


class Block(nn.Module):
    """x + f(x), f two convolutions, each after a norm and a ReLU; without norms if so told."""

    def __init__(self, before: int, after: int, normed: bool) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.norm1 = nn.BatchNorm2d(before) if normed else nn.Identity()
        self.conv1 = convolution(before, after, stride)
        self.norm2 = nn.BatchNorm2d(after) if normed else nn.Identity()
        self.conv2 = convolution(after, after)
        self.way = nn.Identity() if before == after else nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, before, H, W) to (N, after, H / stride, W / stride)."""
        h = self.conv1(torch.relu(self.norm1(x)))
        return self.way(x) + self.conv2(torch.relu(self.norm2(h)))


class ResNet(nn.Module):
    """A stem, the blocks, a mean over the picture, ten scores."""

    def __init__(self, normed: bool = True) -> None:
        super().__init__()
        self.stem = convolution(1, WIDTHS[0])
        sizes = zip((WIDTHS[0], *WIDTHS[:-1]), WIDTHS, strict=True)
        self.blocks = nn.Sequential(*(Block(before, after, normed) for before, after in sizes))
        self.norm = nn.BatchNorm2d(WIDTHS[-1]) if normed else nn.Identity()
        self.scores = nn.Linear(WIDTHS[-1], 10)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, 1, 8, 8) to scores (N, 10)."""
        h = torch.relu(self.norm(self.blocks(self.stem(x))))
        return self.scores(h.mean((2, 3)))


def case(normed: bool = True) -> actlab.Case:
    """The network, 1347 digits to train on and 450 held out."""
    pixels, labels = load_digits(return_X_y=True)
    x = torch.tensor((pixels - pixels.mean()) / pixels.std(), dtype=torch.float32).reshape(-1, 1, 8, 8)
    y = torch.tensor(labels)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    train, held_out = order[:1347], order[1347:]

    torch.manual_seed(0)
    return actlab.Case(
        model=ResNet(normed),
        data=[(x[rows], y[rows]) for rows in train.split(64)],
        loss=nn.CrossEntropyLoss(),
        task="multi-class",
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=1e-4),
        held_out=[(x[held_out], y[held_out])],
        name="a small ResNet" if normed else "a small ResNet without its norms",
    )


def fault() -> actlab.Case:
    """The same without batch norm."""
    return case(normed=False)


def train(program: actlab.Case, epochs: int) -> None:
    """Train and print the mean loss and the held-out accuracy of every epoch."""
    model = program.model
    optimizer = program.optimizer(model.parameters())
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for x, y in program.data:
            optimizer.zero_grad()
            loss = program.loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            right = [(model(x).argmax(1) == y).float().mean().item() for x, y in program.held_out]
        print(
            f"epoch {epoch:2d}  loss {total / len(program.data):.4g}  held-out accuracy {sum(right) / len(right):.3f}"
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Train a small ResNet on digits.")
    options.add_argument("--fault", action="store_true", help="forget the norms")
    options.add_argument("--epochs", type=int, default=10)
    asked = options.parse_args()
    train(fault() if asked.fault else case(), asked.epochs)
