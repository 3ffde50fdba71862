"""Two classes, 97 to 3: accuracy is 0.97 and the rare class is never found.

97 比 3 的两类数据：准确率高达 0.97，而稀有类从未被识别。
"""

import torch
from sklearn.datasets import make_classification
from torch import nn

import actlab


def case() -> actlab.Case:
    """One hidden layer, plain SGD, held-out quality as balanced accuracy."""
    features, labels = make_classification(
        3000, 20, n_informative=5, n_redundant=2, weights=[0.97], class_sep=0.7, flip_y=0.0, random_state=1
    )
    x = torch.tensor((features - features.mean(0)) / features.std(0), dtype=torch.float32)
    y = torch.tensor(labels)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    train, held_out = order[:2250], order[2250:]

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 2))

    return actlab.Case(
        model=model,
        data=[(x[rows], y[rows]) for rows in train.split(64)],
        loss=nn.CrossEntropyLoss(),
        task="binary",
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.02),
        held_out=[(x[held_out], y[held_out])],
        name="imbalanced classes",
    )
