"""A ReLU network killed by its biases and by steps that are too large.

Biases start at -1 and Adam's learning rate is 0.3: most units fall silent and stay so.

偏置从 -1 开始、Adam 学习率为 0.3 的 ReLU 网络：大多数单元沉默并且不再恢复。
"""

import torch
from sklearn.datasets import load_digits
from torch import nn

import actlab


def case() -> actlab.Case:
    """Three hidden layers on scikit-learn's digits."""
    pixels, labels = load_digits(return_X_y=True)
    x = torch.tensor((pixels - pixels.mean()) / pixels.std(), dtype=torch.float32)
    y = torch.tensor(labels)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    train, held_out = order[:1347], order[1347:]

    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    for layer in model[:-1]:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.bias, -1.0)

    return actlab.Case(
        model=model,
        data=[(x[rows], y[rows]) for rows in train.split(64)],
        loss=nn.CrossEntropyLoss(),
        task="multi-class",
        optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.3),
        held_out=[(x[held_out], y[held_out])],
        name="digits, dying ReLU",
    )
