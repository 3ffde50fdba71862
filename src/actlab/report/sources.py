"""What a source says about an activation: where to read it, and the year it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_REFERENCE = re.compile(r"(?P<arxiv>arXiv:\d{4}\.\d{4,5})|(?P<doi>doi:10\.\d{4,9}/[^\s;,]+)")
_HOMES = {"arxiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
# the survey tells that a function exists, not when it was proposed
_SURVEY = re.compile(r"the survey of Kunc & Klema 2024, arXiv:2402\.09092")
_YEAR = re.compile(r"\b(?:1[6-9]\d\d|20\d\d)\b")
_ARXIV_YEAR = re.compile(r"arXiv:(\d\d)\d\d\.")
# a source of these is not the origin: the function is older than the paper that takes it up
_TAKEN_UP = ("folklore", "for its use", "as a baseline", " link of ")


class Dated(NamedTuple):
    """The earliest year that a source names; `origin` tells whether it is the year of the proposal itself."""

    year: int
    origin: bool


def linked(source: str) -> Iterator[tuple[str, str]]:
    """The source cut into (text, address); the address is empty for what leads nowhere."""
    at = 0
    for found in _REFERENCE.finditer(source):
        if found.start() > at:
            yield source[at : found.start()], ""
        group = found.lastgroup or ""
        yield found[0], _HOMES[group] + found[0].partition(":")[2]
        at = found.end()
    if at < len(source):
        yield source[at:], ""


def dated(source: str) -> Dated | None:
    """The earliest year in the source, or None where it names none but the survey's."""
    own = _SURVEY.sub("", source)
    years = [int(year) for year in _YEAR.findall(_REFERENCE.sub("", own))]
    years = years or [2000 + int(month) for month in _ARXIV_YEAR.findall(own)]
    return Dated(min(years), not any(word in own for word in _TAKEN_UP)) if years else None
