"""Activations that contain layers: what they compute, by an independent reference, and how they behave in a model."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import actlab
from actlab.nn import DynamicRelu, FunnelRelu, MetaAcon

# every unit with an input it takes: odd sizes, so that no axis is mistaken for another
MADE: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "funnel": (lambda: FunnelRelu(3), (2, 3, 5, 4)),
    "funnel of five": (lambda: FunnelRelu(2, kernel_size=5), (3, 2, 4, 7)),
    "dynamic": (lambda: DynamicRelu(6), (2, 6, 5, 4)),
    "dynamic, shared, of three": (lambda: DynamicRelu(6, reduction=2, pieces=3, shared=True), (2, 6, 4)),
    "dynamic, no image": (lambda: DynamicRelu(4), (3, 4)),
    "meta": (lambda: MetaAcon(5), (2, 5, 3)),
    "meta, normalised": (lambda: MetaAcon(5, use_bn=True), (3, 5, 2, 2)),
}
each_unit = pytest.mark.parametrize("case", MADE)


def _made(case: str, dtype: torch.dtype = torch.float32) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    make, shape = MADE[case]
    module = make().to(dtype)
    x = torch.randn(shape, dtype=dtype)
    module(x)  # moves the statistics of a batch normalisation away from 0 and 1
    return module.eval(), x


def _same(found: Tensor, expected: np.ndarray) -> None:
    assert found.shape == expected.shape and found.numel() > 0
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-12, atol=1e-13)


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _weights(module: nn.Module) -> dict[str, np.ndarray]:
    return {name: value.numpy().copy() for name, value in module.state_dict().items()}


def _normalised(w: dict[str, np.ndarray], name: str, a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    mean, var, weight, bias = (
        w[f"{name}.{p}"].reshape(shape) for p in ("running_mean", "running_var", "weight", "bias")
    )
    return (a - mean) / np.sqrt(var + 1e-5) * weight + bias


@pytest.mark.parametrize("case", ["funnel", "funnel of five"])
def test_funnel_relu_compares_each_number_with_its_filtered_neighbourhood(case: str) -> None:
    """max(x, BatchNorm(sum over the window)), the window padded with zeros, one filter per channel."""
    module, x = _made(case, torch.float64)
    w, image = _weights(module), x.numpy()
    size = w["conv.weight"].shape[-1]
    padded = np.pad(image, [(0, 0), (0, 0), (size // 2,) * 2, (size // 2,) * 2])
    filtered = np.zeros_like(image)
    for c in range(image.shape[1]):
        for i in range(image.shape[2]):
            for j in range(image.shape[3]):
                window = padded[:, c, i : i + size, j : j + size]
                filtered[:, c, i, j] = (window * w["conv.weight"][c, 0]).sum((1, 2))
    _same(module(x), np.maximum(image, _normalised(w, "norm", filtered, (1, -1, 1, 1))))


@pytest.mark.parametrize("case", ["dynamic", "dynamic, shared, of three", "dynamic, no image"])
def test_dynamic_relu_is_the_largest_of_lines_read_off_the_channel_means(case: str) -> None:
    """Slopes 1, 0, ... + t and offsets t/2 with t = 2 sigmoid(...) - 1, for every input of its own."""
    module, x = _made(case, torch.float64)
    assert isinstance(module, DynamicRelu)
    w, given = _weights(module), x.numpy()
    flat = given.reshape(*given.shape[:2], -1)
    channels, k = given.shape[1], module.pieces
    expected = np.empty_like(flat)
    for n, one in enumerate(flat):
        hidden = np.maximum(w["squeeze.weight"] @ one.mean(1) + w["squeeze.bias"], 0)
        t = 2 * _sigmoid(w["excite.weight"] @ hidden + w["excite.bias"]) - 1
        a, b = t.reshape(2, k, -1)
        for c in range(channels):
            at = 0 if module.shared else c
            lines = [(a[j, at] + (j == 0)) * one[c] + b[j, at] / 2 for j in range(k)]
            expected[n, c] = np.max(lines, axis=0)
    _same(module(x), expected.reshape(given.shape))


@pytest.mark.parametrize("case", ["meta", "meta, normalised"])
def test_meta_acon_reads_its_sharpness_off_the_channel_means(case: str) -> None:
    """ACON-C with beta = sigmoid(BN(fc(BN(fc(mean))))), the batch normalisations only if asked for."""
    module, x = _made(case, torch.float64)
    w, given = _weights(module), x.numpy()
    shape = (1, -1, *[1] * (given.ndim - 2))
    inner = given.mean(tuple(range(2, given.ndim)))
    for name, weight in w.items():
        if name.startswith("sharpness") and name.endswith("weight"):
            layer = name.removesuffix(".weight")
            linear = weight.ndim == 2
            inner = inner @ weight.T + w[f"{layer}.bias"] if linear else _normalised(w, layer, inner, (1, -1))
    beta = _sigmoid(inner).reshape(*given.shape[:2], *[1] * (given.ndim - 2))
    p1, p2 = w["p1"].reshape(shape), w["p2"].reshape(shape)
    _same(module(x), (p1 - p2) * given * _sigmoid(beta * (p1 - p2) * given) + p2 * given)
    assert sum(name.endswith("running_mean") for name in w) == (2 if case.endswith("normalised") else 0)


def test_dynamic_relu_starts_as_relu_where_its_layers_say_nothing() -> None:
    """With zero weights t is 0, the first line is x and the others are 0."""
    module = DynamicRelu(4, pieces=3)
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(2, 4, 5)
    assert torch.equal(module(x), x.relu())


@each_unit
def test_gradients_agree_with_differences(case: str) -> None:
    """First and second derivatives, by the input and by every weight."""
    module, x = _made(case, torch.float64)
    names = [name for name, _ in module.named_parameters()]

    def call(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(module, dict(zip(names, values, strict=True)), (x,))

    values = [parameter.detach().clone().requires_grad_() for parameter in module.parameters()]
    assert torch.autograd.gradcheck(call, (x.requires_grad_(), *values))
    assert torch.autograd.gradgradcheck(module, (x,))


@each_unit
def test_dtype_and_shape_are_kept(case: str) -> None:
    """Half input gives half output near the wide one, beside float32 weights and beside its own; empty stays empty."""
    module, x = _made(case)
    wide = module(x)
    for dtype in (torch.float16, torch.bfloat16):
        for run in (module, copy.deepcopy(module).to(dtype)):
            narrow = run(x.to(dtype))
            assert narrow.dtype == dtype and narrow.shape == x.shape
            torch.testing.assert_close(narrow.float(), wide, rtol=0.1, atol=0.1)
    assert module(x[:0]).shape == x[:0].shape


@each_unit
def test_a_unit_survives_copying_saving_and_tracing(case: str) -> None:
    """pickle, torch.save, deepcopy, state_dict, torch.compile(fullgraph) and torch.export give the same values."""
    module, x = _made(case)
    expected = module(x)
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    fresh = MADE[case][0]().eval()
    fresh.load_state_dict(module.state_dict())
    again = (pickle.loads(pickle.dumps(module)), torch.load(buffer, weights_only=False), copy.deepcopy(module), fresh)
    for other in again:
        assert type(other) is type(module) and torch.equal(other(x), expected)
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), expected)
    torch.testing.assert_close(torch.export.export(module, (x,)).module()(x), expected)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: FunnelRelu(3)(torch.ones(2, 4, 5, 5)), "with C = 3, not (2, 4, 5, 5); move the channels to dim 1"),
        (lambda: FunnelRelu(3)(torch.ones(3, 5, 5)), "it takes a tensor of shape (N, C, H, W)"),
        (lambda: DynamicRelu(3)(torch.ones(3)), "it takes a tensor of shape (N, C, ...)"),
        (lambda: MetaAcon(3)(torch.ones(2, 3, dtype=torch.float64)), "move the module with .to(torch.float64)"),
        (lambda: MetaAcon(3)(torch.ones(2, 3, dtype=torch.long)), "convert the input with x.float()"),
        (lambda: MetaAcon(3, use_bn=True)(torch.ones(1, 3)), "use use_bn=False"),
        (lambda: FunnelRelu(3, kernel_size=4), "kernel_size must be odd, not 4"),
        (lambda: FunnelRelu(0), "channels must be a whole number >= 1"),
        (lambda: DynamicRelu(3, pieces=0), "pieces must be a whole number >= 1"),
        (lambda: DynamicRelu(3, reduction=2.0), "reduction must be a whole number >= 1"),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_one_sentence_with_a_cure(make: Callable[[], object], text: str) -> None:
    """Every refusal names the shape or the argument, and what to do, on one line."""
    with pytest.raises((ValueError, TypeError)) as refusal:
        make()
    assert text in str(refusal.value) and "\n" not in str(refusal.value)


def test_the_units_are_listed_beside_the_entries() -> None:
    """`actlab.nn` offers and lists them."""
    assert {"FunnelRelu", "DynamicRelu", "MetaAcon"} <= set(dir(actlab.nn))
