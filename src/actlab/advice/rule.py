"""One row of advice: where it applies, what it recommends or warns of, why, and who says so."""

from __future__ import annotations

from typing import NamedTuple

FIRST, ALTERNATIVE, AVOID = "first choice", "alternative", "avoid"


class Rule(NamedTuple):
    """A row: it applies where its conditions (task, architecture, trouble) are the question's; without any, always.

    entries: catalogue names, the recommended one first. en, zh: the reason, with computed numbers in braces.
    loss: the torch loss it is paired with at an output.
    """

    where: str
    strength: str
    entries: tuple[str, ...]
    en: str
    zh: str
    source: str
    task: str = ""
    architecture: str = ""
    trouble: str = ""
    loss: str = ""
    weights: bool = True  # whether plain weights at the activation's gain are part of the advice


# who says so, where several rules lean on one source
GLOROT = "Glorot & Bengio 2010, AISTATS"
HE = "He et al. 2015, arXiv:1502.01852"
GELU = "Hendrycks & Gimpel 2016, arXiv:1606.08415"
SCHOENHOLZ = "Schoenholz et al. 2017, arXiv:1611.01232"
SELU = "Klambauer et al. 2017, arXiv:1706.02515"
DCGAN = "Radford, Metz & Chintala 2015, arXiv:1511.06434"
MOBILE = "Howard et al. 2019, arXiv:1905.02244"
EFFICIENT = "LeCun et al. 1998, Efficient BackProp"
LEAKY = "Maas, Hannun & Ng 2013"
TORCH = "PyTorch documentation of torch.nn losses"
