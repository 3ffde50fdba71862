"""A softmax before CrossEntropyLoss, which applies log-softmax itself.

The scores are squashed twice: for ten classes the loss cannot fall below 1.46, and learning is slow.

CrossEntropyLoss 内部已含 log-softmax，前面又加了 softmax：十类时损失不可能低于 1.46，学得很慢。
"""

import torch
from sklearn.datasets import load_digits
from torch import nn

import actlab


def case() -> actlab.Case:
    """One hidden layer on scikit-learn's digits, plain SGD."""
    pixels, labels = load_digits(return_X_y=True)
    x = torch.tensor((pixels - pixels.mean()) / pixels.std(), dtype=torch.float32)
    y = torch.tensor(labels)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    train, held_out = order[:1347], order[1347:]

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(dim=1))

    return actlab.Case(
        model=model,
        data=[(x[rows], y[rows]) for rows in train.split(64)],
        loss=nn.CrossEntropyLoss(),
        task="multi-class",
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.1),
        held_out=[(x[held_out], y[held_out])],
        name="digits, softmax before cross-entropy",
    )
