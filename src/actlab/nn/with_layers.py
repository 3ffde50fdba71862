"""Activations that contain layers of their own: what they do to one number depends on its neighbours or its image.

They are modules without an entry: no formula of one number describes them.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn

from ..catalogue import ENTRIES
from .call import check, prepare

_ANY = range(2, 65)  # torch's tensors have at most 64 dimensions


class WithLayers(nn.Module):
    """What activations with layers share: channels along dim 1, and an input checked before a layer sees it.

    Input narrower than the weights (float16 beside float32) is computed in the weights' dtype and given back in its
    own; input wider than the weights is refused, because it would be narrowed.
    """

    channels: int

    def _widened(self, x: Tensor, weight: Tensor, dims: range, shape: str) -> Tensor:
        """The input in the dtype of the weights. Raises TypeError for a wrong dtype, ValueError for a wrong shape."""
        name = type(self).__name__
        check(name, x)
        if x.ndim not in dims or x.shape[1] != self.channels:
            raise ValueError(
                f"{name}: it takes a tensor of shape {shape} with C = {self.channels}, not {tuple(x.shape)}; "
                "move the channels to dim 1, or make it with their number"
            )
        if torch.promote_types(x.dtype, weight.dtype) != weight.dtype:
            own, given = (str(dtype).removeprefix("torch.") for dtype in (weight.dtype, x.dtype))
            raise TypeError(
                f"{name}: its weights are {own} and the input is {given}; move the module with .to(torch.{given})"
            )
        return x.to(weight.dtype)


def _whole(name: str, low: int, **given: object) -> None:
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError(f"{name}: {key} must be a whole number >= {low}, not {value!r}")


class FunnelRelu(WithLayers):
    """The larger of each number and a weighted sum of its neighbourhood: a ReLU whose threshold the image sets (FReLU).

    max(x, BatchNorm(conv(x))) with one filter of `kernel_size` x `kernel_size` per channel and no bias. Input and
    output: (N, C, H, W), C = channels. kernel_size: odd, so that the size of the image is kept. Raises ValueError
    for another shape. In training it needs more than one number per channel, as BatchNorm2d does.

    Source: Ma, Zhang & Sun 2020, arXiv:2007.11824
    """

    def __init__(self, channels: int, kernel_size: int = 3, *, device: object = None, dtype: object = None) -> None:
        super().__init__()
        _whole("FunnelRelu", 1, channels=channels, kernel_size=kernel_size)
        if kernel_size % 2 == 0:
            raise ValueError(f"FunnelRelu: kernel_size must be odd, not {kernel_size}; an even one shifts the image")
        factory = {"device": device, "dtype": dtype}
        self.channels = channels
        padding = kernel_size // 2
        self.conv = nn.Conv2d(
            channels,
            channels,
            kernel_size,
            padding=padding,
            groups=channels,
            bias=False,
            **factory,  # type: ignore[arg-type]
        )
        self.norm = nn.BatchNorm2d(channels, **factory)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """The larger of `x` and its filtered neighbourhood."""
        wide = self._widened(x, self.conv.weight, range(4, 5), "(N, C, H, W)")
        return torch.maximum(wide, self.norm(self.conv(wide))).to(x.dtype)


class DynamicRelu(WithLayers):
    """The largest of `pieces` straight lines whose slopes and offsets are computed from the whole input (DY-ReLU).

    max over k of a_k x + b_k, where a_k = (1 for the first, else 0) + t and b_k = t / 2, and t lies between -1 and 1:
    two linear layers, with `channels // reduction` hidden units, read it off the mean of every channel. With zero
    weights it is ReLU. shared: one set of lines for all channels (form A of the paper) instead of one for each
    (form B). Input and output: (N, C) or (N, C, ...), C = channels. Raises ValueError for another shape.

    Source: Chen et al. 2020, arXiv:2003.10027
    """

    def __init__(
        self,
        channels: int,
        reduction: int = 4,
        pieces: int = 2,
        shared: bool = False,
        *,
        device: object = None,
        dtype: object = None,
    ) -> None:
        super().__init__()
        _whole("DynamicRelu", 1, channels=channels, reduction=reduction, pieces=pieces)
        factory = {"device": device, "dtype": dtype}
        self.channels, self.pieces, self.shared = channels, pieces, shared
        hidden = max(channels // reduction, 1)
        self.squeeze = nn.Linear(channels, hidden, **factory)  # type: ignore[arg-type]
        self.excite = nn.Linear(hidden, 2 * pieces * (1 if shared else channels), **factory)  # type: ignore[arg-type]

    def lines(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Slopes and offsets for each input, of shape (N, pieces, C), or (N, pieces, 1) when shared."""
        mean = x.flatten(2).mean(2) if x.ndim > 2 else x
        t = 2 * torch.sigmoid(self.excite(torch.relu(self.squeeze(mean)))) - 1
        slopes, offsets = t.reshape(-1, 2, self.pieces, 1 if self.shared else self.channels).unbind(1)
        first = torch.zeros(self.pieces, 1, dtype=t.dtype, device=t.device)
        first[0] = 1.0
        return slopes + first, offsets / 2

    def forward(self, x: Tensor) -> Tensor:
        """The upper envelope of the lines at `x`."""
        wide = self._widened(x, self.squeeze.weight, _ANY, "(N, C, ...)")
        per_channel = (-1, 1 if self.shared else self.channels, *[1] * (x.ndim - 2))
        lines = zip(*(part.unbind(1) for part in self.lines(wide)), strict=True)
        values = [slope.reshape(per_channel) * wide + offset.reshape(per_channel) for slope, offset in lines]
        return reduce(torch.maximum, values).to(x.dtype)

    def extra_repr(self) -> str:
        return f"pieces={self.pieces}, shared={self.shared}"


class MetaAcon(WithLayers):
    """ACON-C whose sharpness beta is computed for each channel from the mean of the whole input (meta-ACON).

    (p1 - p2) x sigmoid(beta (p1 - p2) x) + p2 x, with p1 and p2 learned per channel and drawn from N(0, 1) at the
    start; two linear layers with max(reduction, channels // reduction) hidden units and a sigmoid give beta. use_bn:
    batch normalisation after both, as first published; it refuses a batch of one in training, and later versions of
    the authors' code leave it out. Input and output: (N, C) or (N, C, ...), C = channels. Raises ValueError for
    another shape.

    Source: Ma, Zhang, Liu & Sun 2020, arXiv:2009.04759
    """

    def __init__(
        self,
        channels: int,
        reduction: int = 16,
        use_bn: bool = False,
        *,
        device: object = None,
        dtype: object = None,
    ) -> None:
        super().__init__()
        _whole("MetaAcon", 1, channels=channels, reduction=reduction)
        factory = {"device": device, "dtype": dtype}
        self.channels, self.use_bn = channels, use_bn
        hidden = max(reduction, channels // reduction)
        self.p1, self.p2 = (nn.Parameter(torch.empty(channels, **factory)) for _ in range(2))  # type: ignore[arg-type]
        self.reset_parameters()
        layers = [nn.Linear(channels, hidden, **factory), nn.Linear(hidden, channels, **factory)]  # type: ignore[arg-type]
        if use_bn:
            layers.insert(1, nn.BatchNorm1d(hidden, **factory))  # type: ignore[arg-type]
            layers.append(nn.BatchNorm1d(channels, **factory))  # type: ignore[arg-type]
        self.sharpness = nn.Sequential(*layers, nn.Sigmoid())
        self._call = prepare(ENTRIES["acon_c"], {}, ("p1", "p2", "beta"))

    def reset_parameters(self) -> None:
        """Draw the slopes of the two lines anew."""
        nn.init.normal_(self.p1)
        nn.init.normal_(self.p2)

    def forward(self, x: Tensor) -> Tensor:
        """ACON-C of `x` with the sharpness computed from `x`."""
        wide = self._widened(x, self.p1, _ANY, "(N, C, ...)")
        if self.use_bn and self.training and x.shape[0] == 1:
            raise ValueError(
                "MetaAcon: with use_bn=True training needs more than one input per batch; use use_bn=False"
            )
        beta = self.sharpness(wide.flatten(2).mean(2) if x.ndim > 2 else wide)
        per_channel = (-1, self.channels, *[1] * (x.ndim - 2))
        return self._call(wide, tuple(t.reshape(per_channel) for t in (self.p1, self.p2, beta))).to(x.dtype)

    def extra_repr(self) -> str:
        return f"use_bn={self.use_bn}"
