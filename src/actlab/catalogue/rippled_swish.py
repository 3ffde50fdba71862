"""Swish with ripples: a wave added to the input, gated by the logistic function."""

from ..language import cos, sin
from ..language import sigmoid as _sigmoid
from .entry import activation, learned

TITLE = {"en": "Rippled swish", "zh": "带波纹的 Swish"}


@activation(
    source="Paul et al. 2022, doi:10.3390/math10030337",
    zh="带正弦波纹的 SiLU：(x + α·sin(βx))·σ(x)。",
    points={1.0: 1.346223160742056, -2.0: -0.346796754309049},
    facts=("smooth", "not monotone", "bounded below"),
)
def sin_lu(x, alpha=learned(1.0), beta=learned(1.0)):
    """SiLU with a sine wave of amplitude alpha and frequency beta on it."""
    return (x + alpha * sin(beta * x)) * _sigmoid(x)


@activation(
    source="Pishchik 2023, doi:10.20944/preprints202301.0463.v1",
    zh="带余弦波纹的 SiLU：(x + α·cos(βx))·σ(x)。",
    points={1.0: 1.1260512143884813, -2.0: -0.288011762950915},
    facts=("smooth", "not monotone", "bounded below"),
)
def cos_lu(x, alpha=learned(1.0), beta=learned(1.0)):
    """SiLU with a cosine wave of amplitude alpha and frequency beta on it."""
    return (x + alpha * cos(beta * x)) * _sigmoid(x)
