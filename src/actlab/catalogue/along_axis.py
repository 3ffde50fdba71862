"""Functions along an axis: every output depends on a whole row; they take `dim`.

A row in which every entry is minus infinity (fully masked) gives zeros, of log_softmax minus infinities, and its slope
is zero.
"""

from ..language import log_softmax as _log_softmax
from ..language import softmax as _softmax
from .entry import activation, fixed

TITLE = {"en": "Along an axis", "zh": "沿轴运算"}

_PAIRING = (
    "For training use log_softmax with NLLLoss, or raw scores with CrossEntropyLoss, which applies it inside; "
    "softmax before CrossEntropyLoss applies it twice.",
    "训练时应使用 log_softmax 配 NLLLoss，或把原始得分直接交给 CrossEntropyLoss（其内部已含 softmax）；"
    "在 CrossEntropyLoss 之前再加 softmax 等于做了两次。",
)


@activation(
    source="Bridle 1990",
    zh="把一行得分变为和为 1 的概率。",
    kind="along axis",
    facts=("bounded",),
    elsewhere={"torch": "nn.functional.softmax", "keras": "softmax", "jax": "jax.nn.softmax"},
    notes=_PAIRING,
)
def softmax(x, temperature=fixed(1.0, above=0)):
    """Turns a row of scores into probabilities that sum to 1."""
    return _softmax(x / temperature)


@activation(
    source="Bridle 1990; the logarithm taken inside for stability",
    zh="softmax 的对数，经减去最大值而保持稳定。",
    kind="along axis",
    facts=("bounded above",),
    elsewhere={"torch": "nn.functional.log_softmax", "keras": "log_softmax", "jax": "jax.nn.log_softmax"},
    notes=_PAIRING,
)
def log_softmax(x, temperature=fixed(1.0, above=0)):
    """The logarithm of softmax, stable because the largest score is subtracted first."""
    return _log_softmax(x / temperature)


@activation(
    source="folklore; softmax of the negated scores",
    zh="对相反数做 softmax：得分越小概率越大。",
    kind="along axis",
    facts=("bounded",),
    elsewhere={"torch": "nn.functional.softmin"},
)
def softmin(x, temperature=fixed(1.0, above=0)):
    """Softmax of the negated scores, so that the smallest gets the largest share."""
    return _softmax(-x / temperature)
