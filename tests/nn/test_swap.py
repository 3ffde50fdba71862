"""Swapping activations: found wherever they hide, nothing touched before apply, everything back after undo."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import actlab
from actlab.nn import Activation


class Functional(nn.Module):
    """A module that calls its activation in code, where no swap can reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        return F.relu(self.linear(x)) + torch.sigmoid(x)


class Holder(nn.Module):
    """A module that keeps its activation as a plain function."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.activation = F.relu
        self.others = [F.gelu, nn.Tanh()]

    def forward(self, x):
        return self.activation(self.linear(x))


def test_nothing_is_touched_before_apply_and_everything_is_back_after_undo():
    """A plan is only a plan; undo restores the very objects."""
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.Sigmoid())
    before = list(net)
    plan = actlab.swap(net, "gelu")
    assert [change.path for change in plan.changes] == ["1", "3"]
    assert list(net) == before
    plan.apply()
    assert isinstance(net[1], Activation) and net[3].name == "gelu"
    plan.undo()
    assert all(now is then for now, then in zip(net, before, strict=True))


def test_applying_twice_is_refused_until_undone():
    """A second apply would forget what stood there first."""
    plan = actlab.swap(nn.Sequential(nn.ReLU()), "gelu")
    plan.apply()
    with pytest.raises(RuntimeError, match="applied already"):
        plan.apply()
    plan.undo()
    plan.apply()


def test_a_shared_instance_stays_one_instance():
    """What was shared before is shared after."""
    act = nn.ReLU()
    net = nn.Sequential(nn.Linear(2, 2), act, nn.Linear(2, 2), act)
    actlab.swap(net, "mish").apply()
    assert net[1] is net[3] and net[1].name == "mish"


def test_a_function_kept_as_an_attribute_is_replaced_and_restored():
    """`self.activation = F.relu` is an activation too."""
    net = Holder()
    plan = actlab.swap(net, "tanh")
    x = torch.randn(4, 3)
    plan.apply()
    assert torch.allclose(net(x), torch.tanh(net.linear(x)))
    plan.undo()
    assert net.activation is F.relu and "activation" not in net._modules


def test_the_encoder_layer_leaves_its_fast_path():
    """In eval mode the fused path would silently keep computing relu."""
    torch.manual_seed(0)
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2).eval()
    x = torch.randn(2, 5, 8)
    with torch.no_grad():
        before = net(x)
        plan = actlab.swap(net, "mish")
        plan.apply()
        swapped = net(x)
        net.train()
        net.eval()
        plan.undo()
        after = net(x)
    assert (swapped - before).abs().max() > 1e-3
    assert torch.equal(before, after)
    assert net.layers[0].activation_relu_or_gelu == 1


def test_the_model_itself_may_be_the_activation():
    """A root module has no parent; apply returns the new one."""
    plan = actlab.swap(nn.ReLU(), "gelu")
    assert plan.apply().name == "gelu"
    assert isinstance(plan.undo(), nn.ReLU)


def test_what_cannot_be_replaced_is_listed_with_a_reason():
    """Code, containers, recurrent cells and functions along an axis stay, and the plan says so."""
    net = nn.ModuleDict({"code": Functional(), "held": Holder(), "lstm": nn.LSTM(3, 3), "end": nn.Softmax(1)})
    plan = actlab.swap(net, "gelu")
    told = {(item.path, item.what) for item in plan.skipped}
    assert {("code", "F.relu"), ("code", "torch.sigmoid"), ("lstm", "LSTM"), ("end", "Softmax")} <= told
    assert any(path == "held.others" for path, _ in told)
    assert all(item.reason for item in plan.skipped)
    assert "code" in str(plan)


def test_only_the_chosen_ones_are_replaced():
    """`where` takes the name of an activation, paths, or a function of path and module."""
    net = nn.Sequential(nn.ReLU(), nn.Sigmoid(), nn.ReLU())
    assert [c.path for c in actlab.swap(net, "gelu", where="sigmoid").changes] == ["1"]
    assert [c.path for c in actlab.swap(net, "gelu", where=lambda path, _: path == "2").changes] == ["2"]
    assert [c.path for c in actlab.swap(net, "gelu", where=["0", "2"]).changes] == ["0", "2"]


def test_mode_dtype_and_hooks_are_kept():
    """The newcomer takes over where the old one stood."""
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU()).double().eval()
    seen: list[int] = []
    net[1].register_forward_hook(lambda *_: seen.append(1))
    actlab.swap(net, "swish").apply()
    y = net(torch.randn(2, 3, dtype=torch.float64))
    assert y.dtype == torch.float64 and seen == [1] and not net[1].training


def test_a_swapped_model_trains_saves_and_loads():
    """Nothing about a swapped model is special."""
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    actlab.swap(net, "prelu").apply()
    net(torch.randn(5, 3)).sum().backward()
    twin = copy.deepcopy(net)
    twin.load_state_dict(net.state_dict())
    x = torch.randn(2, 3)
    assert torch.equal(net(x), twin(x))


def test_an_unknown_target_names_the_nearest():
    """A typo is told at once, before anything is planned."""
    with pytest.raises(ValueError, match="did you mean gelu"):
        actlab.swap(nn.ReLU(), "gelo")
