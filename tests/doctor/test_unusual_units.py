"""Networks of row functions and gated units: healthy ones stay unsuspected, competing ones are named."""

from __future__ import annotations

import pytest
import torch
from tests.specimens.programs import CLASSES, FEATURES, classify
from torch import Tensor, nn

import actlab
from actlab.doctor import examine

torch.manual_seed(0)
_HEALTHY = {
    "maxout": lambda: nn.Sequential(nn.Linear(FEATURES, 64), actlab.nn.Maxout(), nn.Linear(32, CLASSES)),
    "lwta": lambda: nn.Sequential(nn.Linear(FEATURES, 64), actlab.nn.Lwta(), nn.Linear(64, CLASSES)),
    "k_wta": lambda: nn.Sequential(nn.Linear(FEATURES, 64), actlab.nn.KWta(k=16), nn.Linear(64, CLASSES)),
    "concatenated_relu": lambda: nn.Sequential(
        nn.Linear(FEATURES, 32), actlab.nn.ConcatenatedRelu(), nn.Linear(64, CLASSES)
    ),
    "swiglu": lambda: nn.Sequential(nn.Linear(FEATURES, 64), actlab.nn.Swiglu(gate="first"), nn.Linear(32, CLASSES)),
}


@pytest.mark.parametrize("name", _HEALTHY)
def test_a_network_of_row_functions_or_gated_units_is_not_suspected(name: str) -> None:
    """A network that learns with maxout, winners, concatenated or gated units raises no alarm."""
    torch.manual_seed(1)
    diagnosis = examine(classify(_HEALTHY[name]()), steps=30)
    alarms = [finding.name for finding in diagnosis.findings if finding.severity != "note"]
    assert alarms == []


def test_sparse_probabilities_between_hidden_layers_are_named() -> None:
    """Sparsemax between hidden layers makes units compete as softmax does, and is called so."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(FEATURES, 32), actlab.nn.Sparsemax(), nn.Linear(32, CLASSES))
    names = [finding.name for finding in examine(classify(model), steps=30).findings]
    assert "softmax-in-hidden-layer" in names


def test_a_function_of_rows_is_known_by_its_formula() -> None:
    """The same as a function, along another axis too: no activation of single values, and named alike."""

    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(1)
            self.below, self.above = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            return self.above(actlab.functional.sparsemax(self.below(x).T, dim=0).T)

    assert "softmax-in-hidden-layer" in [finding.name for finding in examine(classify(Rows()), steps=5).findings]
