"""Writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path


def write(path: str | Path, content: str | bytes) -> Path:
    """Write `content` under `path`: into a temporary file beside it, then renamed, so a reader never sees half.

    Folders on the way are made. Raises OSError with one sentence naming the file and the reason.
    """
    target = Path(path).expanduser()
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o666 & ~_mask())
        os.replace(temporary, target)
    except OSError as fault:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise OSError(
            f"cannot write {target}: {(fault.strerror or str(fault)).lower()}; choose another place"
        ) from fault
    return target


def save(path: str | Path, writers: Mapping[str, Callable[..., str | bytes]], *given: object) -> Path:
    """Write what the writer of the path's ending makes of what is given. Raises ValueError for an unknown ending."""
    return write(path, writers[suffix(path, tuple(writers))](*given))


def suffix(path: str | Path, known: tuple[str, ...]) -> str:
    """The ending of `path` in lower case; ValueError listing `known` if it is not one of them."""
    found = Path(path).suffix.lower()
    if found not in known:
        raise ValueError(f"{path} ends in {found or 'nothing'!r}, but a file to save ends in {', '.join(known)}")
    return found


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
