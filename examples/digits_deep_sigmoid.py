"""Ten hidden sigmoid layers that do not learn scikit-learn's digits.

With torch's default initialisation each layer passes about 0.14 of the gradient, so the first layer gets 10^-8 of it.
Run: actlab doctor examples/digits_deep_sigmoid.py:case --repair

十个 sigmoid 隐藏层在 scikit-learn 手写数字上学不动。默认初始化下每层只传递约 0.14 的梯度，第一层只剩 10^-8。
"""

import torch
from sklearn.datasets import load_digits
from torch import nn

import actlab


def case() -> actlab.Case:
    """The network, 1347 digits to train on and 450 held out."""
    pixels, labels = load_digits(return_X_y=True)
    x = torch.tensor((pixels - pixels.mean()) / pixels.std(), dtype=torch.float32)
    y = torch.tensor(labels)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    train, held_out = order[:1347], order[1347:]

    torch.manual_seed(0)
    layers: list[nn.Module] = []
    width = 64
    for _ in range(10):
        layers += [nn.Linear(width, 64), nn.Sigmoid()]
    model = nn.Sequential(*layers, nn.Linear(64, 10))

    return actlab.Case(
        model=model,
        data=[(x[rows], y[rows]) for rows in train.split(64)],
        loss=nn.CrossEntropyLoss(),
        task="multi-class",
        held_out=[(x[held_out], y[held_out])],
        name="digits, ten sigmoid layers",
    )
