"""The machine that compiled kernels run on: LLVM as a library, a cache of machine code on disk, OpenMP of torch.

Machine code is kept under the user's cache folder, named by a hash of the LLVM text, the processor, its features and
the version of LLVM. A file that cannot be read, does not match its checksum, or lies where others may write is
passed over; a folder that cannot be written only costs compiling again in the next process.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

# features that a kernel's instructions need beside what every processor of the architecture has; without them a fused
# product would be a slow call
_NEEDED: dict[str, tuple[str, ...]] = {
    "x86_64": ("avx2", "fma", "f16c"),
    "amd64": ("avx2", "fma", "f16c"),
    "aarch64": (),
    "arm64": (),
}
_CHECKSUM = 32  # bytes of SHA-256 before the machine code in a file


class Unavailable(RuntimeError):
    """Why no kernel can be compiled here, as a clause that completes 'no CPU kernels: ...'."""


class Machine(NamedTuple):
    """LLVM for this processor: what compiles, and a name that tells it from other machines."""

    target: Any
    name: str


_lock = threading.Lock()


class _Forked:
    child = False


def _in_child() -> None:
    global _lock
    _lock = threading.Lock()  # the one that was copied may be held by a thread that does not exist here
    _Forked.child = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


@cache
def machine() -> Machine:
    """LLVM, made ready once. Raises Unavailable."""
    try:
        import llvmlite
        import llvmlite.binding as llvm
    except (ImportError, OSError) as error:
        raise Unavailable(f"llvmlite cannot be loaded ({error})") from None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    kind = platform.machine().lower()
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:  # not known for every system; what the architecture promises is enough for some
        features = llvm.FeatureMap()
    missing = [name for name in _NEEDED.get(kind, ("a known architecture",)) if not features.get(name)]
    if missing:
        raise Unavailable(f"this processor ({kind}) lacks {', '.join(missing)}")
    if "avx2" in features:
        features["prefer-256-bit"] = False  # wide vectors cost less than they did when LLVM learnt to avoid them
    flat = features.flatten()
    cpu = llvm.get_host_cpu_name()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu, features=flat, opt=2, codemodel="jitdefault", jit=True
    )
    return Machine(target, f"{target.triple} {cpu} {flat} {llvmlite.__version__} {llvm.llvm_version_info}")


def cache_folder() -> Path:
    """Where machine code is kept: `kernels` in $ACTLAB_CACHE, else in actlab's part of the user's cache."""
    given = os.environ.get("ACTLAB_CACHE")
    if given:
        return Path(given) / "kernels"
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "actlab" / "kernels"


def _trusted(folder: Path) -> bool:
    # machine code is run: only what this user alone may write is read
    if not hasattr(os, "getuid"):
        return folder.is_dir()
    try:
        state = folder.stat()
    except OSError:
        return False
    return state.st_uid == os.getuid() and not state.st_mode & 0o022


def kept(name: str) -> bytes | None:
    """What is kept under this name; None unless it is there whole."""
    path = cache_folder() / name
    if not _trusted(path.parent):
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code = content[_CHECKSUM:]
    return code if code and hashlib.sha256(code).digest() == content[:_CHECKSUM] else None


def keep(name: str, code: bytes) -> None:
    """Write something to the cache, if it can be written to."""
    path = cache_folder() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _trusted(path.parent):
            return
        # written beside and moved into place: another process sees all of it or nothing
        handle, beside = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(beside, path)
    except OSError:
        return


def assembly(text: str) -> str:
    """The instructions that LLVM makes of a module."""
    with _lock:
        here = machine()
        return str(here.target.emit_assembly(_parsed(here, text)))


def _parsed(here: Machine, text: str) -> Any:
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.triple = here.target.triple
    module.data_layout = str(here.target.target_data)
    module.verify()
    return module


def load(text: str) -> int:
    """The address of `run` of a module of LLVM text, from the cache or compiled now. Raises Unavailable."""
    import llvmlite.binding as llvm

    with _lock:
        here = machine()
        name = hashlib.sha256(f"{here.name}\0{text}".encode()).hexdigest()
        code = kept(name)
        if code is None:
            code = here.target.emit_object(_parsed(here, text))
            keep(name, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), here.target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        return int(engine.get_function_address("run"))


_engines: list[Any] = []  # they own the code that addresses point to


class OpenMP(NamedTuple):
    """The addresses of torch's own OpenMP functions; zeros where torch does not use it."""

    parallel: int
    thread_num: int
    num_threads: int


@cache
def openmp() -> OpenMP:
    """OpenMP as torch has loaded it, so that its threads are shared and not doubled."""
    if "OpenMP" not in torch.__config__.parallel_info().partition("std::thread")[0]:
        return OpenMP(0, 0, 0)
    try:
        # a symbol is looked up in the library that torch itself is linked to, of which several may be loaded
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        names = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")
        return OpenMP(*[ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in names])
    except (OSError, AttributeError):
        return OpenMP(0, 0, 0)


def threads() -> int:
    """How many threads a kernel may use: torch's number, one in a forked process or without OpenMP."""
    if _Forked.child or not openmp().parallel:
        return 1  # the pool of threads did not survive the fork
    return torch.get_num_threads()
