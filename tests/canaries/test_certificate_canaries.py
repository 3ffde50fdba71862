"""Planted faults that the certificate, its sweep, the ONNX round trip and the checks of peers have to catch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from actlab.testing import certificate, peers, subject
from actlab.testing.certificate import certify, outcome
from actlab.testing.onnx_round_trip import onnx_round_trip
from actlab.testing.sweep import Error, errors, wide_errors

TANH = subject("tanh")


class Made(nn.Module):
    """A module made from a torch function."""

    def __init__(self, run: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.run = run

    def forward(self, x: Tensor) -> Tensor:
        """What the function gives."""
        return self.run(x)


def _beyond(x: Tensor, far: float) -> Tensor:
    """The tanh of actlab, NaN beyond `far`."""
    return torch.where(x.abs() > far, torch.nan, TANH.tensors(x))


def _spoiled(x: Tensor, low: float, high: float, by: float) -> Tensor:
    """The tanh of actlab, off by `by` roundings between two inputs."""
    y = TANH.tensors(x)
    return torch.where((x > low) & (x < high), y * (1 + by * torch.finfo(y.dtype).eps), y)


SWEPT: dict[str, tuple[torch.dtype, Callable[[Tensor], Tensor], str]] = {
    "NaN at an extreme": (torch.float32, lambda x: _beyond(x, 1e38), "is not finite"),
    "NaN at an extreme of a half format": (torch.bfloat16, lambda x: _beyond(x, 3e38), "is not finite"),
    "a slope that dies in the tail": (torch.float32, torch.tanh, "slope in float32 is off"),
    "a value off in one narrow place": (torch.float32, lambda x: _spoiled(x, 0.5, 0.501, 20.0), "value in float32"),
    "two ULP in float16": (torch.float16, lambda x: _spoiled(x, 0.5, 0.501, 2.5), "value in float16 is off"),
    "a half format that overflows too early": (torch.float16, lambda x: x * 8 / 8 * 1.0, "is not finite"),
}


@pytest.mark.parametrize("fault", SWEPT)
def test_the_sweep_finds_every_planted_error(fault: str) -> None:
    """Each planted error in value or slope has a fault that names the dtype; the honest function has none."""
    dtype, run, said = SWEPT[fault]
    asked = subject("identity") if "overflows" in fault else TANH
    found = errors(replace(asked, tensors=run), dtype, 16.0 if dtype is torch.float32 else 1.0)
    assert any(said in error.fault for error in found), found
    assert not any(error.fault for error in errors(asked, dtype, 16.0 if dtype is torch.float32 else 1.0))


def test_float64_is_judged_by_the_oracle_and_swept_for_nan() -> None:
    """A value off by 100 ULP and a NaN between the points that are compared are both found."""
    spoiled = replace(TANH, tensors=lambda x: _spoiled(x, 0.3, 2.0, 100.0))
    assert any("off by" in error.fault for error in wide_errors(spoiled, 16.0))
    holed = replace(TANH, tensors=lambda x: torch.where((x > 1e100) & (x < 1e103), torch.nan, TANH.tensors(x)))
    assert any("not finite" in error.fault for error in wide_errors(holed, 16.0))
    assert not any(error.fault for error in wide_errors(TANH, 16.0))


def test_an_explained_error_does_not_hide_another() -> None:
    """The slope of gelu is ill-conditioned at its root; a smaller error where it is not is still a fault."""
    gelu = subject("gelu")
    assert any(error.explained for error in errors(gelu, torch.float32, 4.0))

    def run(x: Tensor) -> Tensor:
        y = gelu.tensors(x)
        return torch.where((x > 1) & (x < 2), y * (1 + 40 * torch.finfo(y.dtype).eps), y)

    value, slope = errors(replace(gelu, tensors=run), torch.float32, 4.0)
    assert value.fault and slope.fault and slope.ulp > 1000


def test_an_error_needs_its_limit_or_its_reason() -> None:
    """Within the limit nothing is said; beyond it, what conditioning leaves over decides."""
    error = Error("value", "float32", 50.0, 1.0, 4.0, 3.0, 60.0, 10)
    assert error.explained and not error.fault
    assert replace(error, beyond=5.0).fault and not replace(error, beyond=5.0).explained
    assert replace(error, lost=1, lost_at=2.0).fault


def _differs_in_onnx(x: Tensor) -> Tensor:
    return torch.tanh(x) * 1.0001 if torch.onnx.is_in_onnx_export() else torch.tanh(x)


def _branches(x: Tensor) -> Tensor:
    return torch.tanh(x) if float(x.sum()) != 3 else x


ONNX: dict[str, Callable[[Tensor], Tensor]] = {
    "other numbers": _differs_in_onnx,
    "another dtype": lambda x: torch.tanh(x).double() if torch.onnx.is_in_onnx_export() else torch.tanh(x),
    "no graph": _branches,
    "an operation that ONNX lacks": torch.special.bessel_j0,
    "NaN swallowed": lambda x: torch.nan_to_num(x, 0.0) if torch.onnx.is_in_onnx_export() else x * 1.0,
}


@pytest.mark.parametrize("fault", ONNX)
def test_the_round_trip_through_onnx_catches_every_fault(fault: str) -> None:
    """A model that computes something else in onnxruntime, or cannot get there, is a fault."""
    planted = replace(TANH, module=lambda: Made(ONNX[fault]))
    assert outcome("onnx", onnx_round_trip, planted).fault


def test_the_round_trip_passes_what_is_right() -> None:
    """Canary of the canary: torch's own tanh comes back."""
    assert onnx_round_trip(replace(TANH, module=lambda: Made(torch.tanh))) > 300


def _sleeps(_: Any) -> int:
    time.sleep(30)
    return 1


def _needs_more(_: Any) -> int:
    raise ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime")


def test_nothing_compared_and_no_answer_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that compares nothing, crashes or hangs is a fault; a package of ours that is missing is raised."""
    assert outcome("none", lambda _: 0, TANH).fault
    assert "ZeroDivisionError" in outcome("crash", lambda _: 1 // 0, TANH).fault
    monkeypatch.setattr(certificate, "SECONDS", 1)
    if hasattr(certificate.signal, "SIGALRM"):
        assert "1 seconds" in outcome("hang", _sleeps, TANH).fault
    with pytest.raises(ModuleNotFoundError):
        outcome("missing", _needs_more, TANH)


def test_a_row_tells_what_is_wrong() -> None:
    """A planted fault ends up in the row."""
    row = certify(replace(TANH, tensors=lambda x: _beyond(x, 1e4)), {"nan": certificate.nan})
    assert [check for check, _ in row.faults] and "not finite" in row.faults[0][1]


class Promoting(nn.Module):
    """Its constant is a float32 tensor, which widens half precision."""

    def forward(self, x: Tensor) -> Tensor:
        """Twice the input."""
        return x * torch.full((1,), 2.0)


class Overflowing(nn.Module):
    """e^x overflows long before its logarithm does."""

    def forward(self, x: Tensor) -> Tensor:
        """log(1 + e^x)."""
        return torch.log(1 + torch.exp(x))


class Swallowing(nn.Module):
    """NaN becomes 0."""

    def forward(self, x: Tensor) -> Tensor:
        """The positive part."""
        return torch.where(x > 0, x, 0 * torch.nan_to_num(x))


class Lost(nn.Module):
    """0 times infinity."""

    def forward(self, x: Tensor) -> Tensor:
        """The input times its sigmoid."""
        return x * torch.sigmoid(x)


class Refusing(nn.Module):
    """It wants an argument."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width


class Drawing(nn.Module):
    """It is random even in evaluation."""

    def forward(self, x: Tensor) -> Tensor:
        """The input with noise."""
        return x + torch.randn_like(x)


class Relu(nn.Module):
    """By the name and the values of one of ours, with another slope at the kink."""

    def forward(self, x: Tensor) -> Tensor:
        """The positive part."""
        return torch.where(x >= 0, x, 0 * x)


class GELU(nn.Module):
    """By the name of one of ours, and by its formula as often written."""

    def forward(self, x: Tensor) -> Tensor:
        """The tail is lost in 1 + erf."""
        return 0.5 * x * (1 + torch.erf(x / 2**0.5))


class Mish(nn.Module):
    """By the name of one of ours, but another function."""

    def forward(self, x: Tensor) -> Tensor:
        """The input times its tanh."""
        return x * torch.tanh(x)


PLANTED = (Promoting, Overflowing, Swallowing, Lost, Refusing, Drawing, Relu, GELU, Mish)
_HERE = peers.Library("planted", "torch", "torch", lambda _: {each.__name__: each for each in PLANTED})


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("Promoting", {"dtype"}),
        ("Overflowing", {"finite"}),
        ("Swallowing", {"nan"}),
        ("Lost", {"limits"}),
        ("GELU", {"accuracy"}),
    ],
)
def test_the_faults_of_a_peer_are_found(name: str, checks: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each planted fault of a foreign module is found by the check meant for it, without a formula of ours."""
    monkeypatch.setattr(peers, "TENSOR_PROMISES", {})
    monkeypatch.setattr(peers, "PEER_CHECKS", ("accuracy", "finite", "nan", "limits", "dtype"))
    row = peers.examine(_HERE, name)
    assert isinstance(row, peers.PeerRow)
    assert checks <= {each.check for each in row.faults}, row


def test_a_foreign_function_of_our_name_must_be_ours_to_be_compared() -> None:
    """Another function of the same name is said to differ, and its accuracy is not asked."""
    other = peers.examine(_HERE, "Mish")
    assert isinstance(other, peers.PeerRow) and other.ours == "mish" and other.agrees is False
    assert "accuracy" not in {each.check for each in other.outcomes}
    assert isinstance(peers.examine(_HERE, "Refusing"), str)
    assert "random" in str(peers.examine(_HERE, "Drawing"))
    ours = peers.examine(_HERE, "Relu")
    assert isinstance(ours, peers.PeerRow) and ours.agrees
    assert "accuracy" not in {each.check for each in ours.faults}, "a slope chosen at a kink is no error"
