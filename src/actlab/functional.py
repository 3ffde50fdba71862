"""`actlab.functional`, so that `import actlab.functional as F` works: the functions live in `actlab.nn.functional`."""

from typing import Any

from .nn import functional as _functional


def __getattr__(name: str) -> Any:
    return getattr(_functional, name)


def __dir__() -> list[str]:
    return dir(_functional)
