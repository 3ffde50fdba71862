"""What torch's functions are to the doctor: one table from function name to role. What is not here is "other"."""

from __future__ import annotations

from collections.abc import Mapping

from ..catalogue import ENTRIES

# Names lose a trailing underscore (in-place forms) and the underscores of operators before they are looked up.
_ROLES: Mapping[str, str] = {
    "weight": "linear bilinear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d embedding "
    "embedding_bag",
    "recurrent": "lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell",
    "attention": "multi_head_attention_forward scaled_dot_product_attention",
    "activation": "relu relu6 leaky_relu prelu rrelu elu celu selu gelu silu mish softplus hardswish hardsigmoid "
    "hardtanh tanh sigmoid special_expit expit logsigmoid softsign tanhshrink hardshrink softshrink threshold sin cos "
    "atan arctan asinh erf special_erf heaviside sign sgn",
    "softmax": "softmax special_softmax softmin",
    "gated": "glu",
    "log_softmax": "log_softmax special_log_softmax",
    "norm": "batch_norm layer_norm group_norm instance_norm rms_norm local_response_norm normalize",
    "view": "view reshape flatten squeeze unsqueeze transpose permute contiguous clone to float double half bfloat16 "
    "type type_as cpu cuda expand expand_as getitem select narrow chunk split tensor_split unbind unflatten view_as "
    "reshape_as movedim swapaxes swapdims t T mT H real data get index_select gather take_along_dim flip roll repeat "
    "repeat_interleave tile as_strided requires_grad alias pad cat concat concatenate stack topk sort setitem",
    "pool": "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d "
    "adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d interpolate "
    "max_pool2d_with_indices max_pool1d_with_indices boolean_dispatch",
    "dropout": "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout feature_dropout",
    "sum": "add sub rsub radd iadd isub",
    "product": "mul rmul imul div truediv rtruediv itruediv true_divide divide multiply",
    "matmul": "matmul rmatmul mm bmm addmm baddbmm einsum tensordot mv",
    "clamp": "clamp clamp_min clamp_max clip maximum max",
    "mask": "masked_fill where tril triu masked_scatter",
    "loss": "cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits mse_loss l1_loss "
    "smooth_l1_loss huber_loss",
}
ROLES: Mapping[str, str] = {name: role for role, names in _ROLES.items() for name in names.split()}

REGRESSION_LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
# Roles through which a value passes unchanged, up to arrangement.
PASSING = ("view", "dropout")

# Functions that cut the gradient, with the reason told to the user.
CUTS: Mapping[str, tuple[str, str]] = {
    "detach": ("detach() cuts the graph", "detach() 切断了计算图"),
    "data": (".data cuts the graph", ".data 切断了计算图"),
    "argmax": ("argmax returns an index, which has no slope", "argmax 返回下标，没有斜率"),
    "round": ("round is flat between its steps", "round 在各级之间是平的"),
    "sign": ("sign is flat on both sides of 0", "sign 在 0 两侧是平的"),
    "sgn": ("sign is flat on both sides of 0", "sign 在 0 两侧是平的"),
    "trunc": ("trunc is flat between its steps", "trunc 在各级之间是平的"),
    "heaviside": ("a step is flat on both sides of 0", "阶跃函数在 0 两侧是平的"),
    "gt": ("a comparison has no slope", "比较运算没有斜率"),
    "ge": ("a comparison has no slope", "比较运算没有斜率"),
    "lt": ("a comparison has no slope", "比较运算没有斜率"),
    "le": ("a comparison has no slope", "比较运算没有斜率"),
    "floor": ("floor is flat between its steps", "floor 在各级之间是平的"),
    "ceil": ("ceil is flat between its steps", "ceil 在各级之间是平的"),
    "numpy": ("numpy does not record gradients", "numpy 不记录梯度"),
    "tensor": ("torch.tensor makes a new leaf", "torch.tensor 会新建叶子张量"),
}

# Gated units, ours and torch's: act(gate) times another half, seen as one call.
GATED = frozenset(entry.name for entry in ENTRIES.values() if entry.kind == "gated")

# Functions that torch does give a gradient, zero everywhere, and ours of the same kind.
FLAT = frozenset(("round", "sign", "sgn", "heaviside", "floor", "ceil", "trunc")) | {
    entry.name for entry in ENTRIES.values() if "not trainable by gradient" in entry.facts
}


def plain_name(name: str) -> str:
    """A torch function's name without in-place and operator underscores: relu_ -> relu, __add__ -> add."""
    return name.strip("_")
