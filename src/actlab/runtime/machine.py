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
import signal
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
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


_lock = threading.RLock()


class _Forked:
    child = False


def _in_child() -> None:
    _Forked.child = True
    several.cache_clear()
    _lock.release()


if hasattr(os, "register_at_fork"):
    # nobody forks while LLVM works: its own lock would be copied as held by a thread that does not exist in the child
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_in_child)


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


@cache
def lanes() -> int:
    """How many numbers of single precision four vectors of this machine hold."""
    name = machine().name
    return 64 if "+avx512f" in name else 32 if "+avx2" in name else 16


def cache_folder() -> Path:
    """Where machine code is kept: `kernels` in $ACTLAB_CACHE, else in actlab's part of the user's cache."""
    given = os.environ.get("ACTLAB_CACHE")
    if given:
        return Path(given) / "kernels"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if home.startswith("~"):  # a user without a home, as in some containers: nowhere
        home = os.devnull
    return Path(home) / "actlab" / "kernels"


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
    beside = ""
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
        if beside:
            Path(beside).unlink(missing_ok=True)


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


def load(text: str) -> Callable[..., int]:
    """The function `call` of a module of LLVM text, from the cache or compiled now. Raises Unavailable."""
    with _lock, _interrupted_after():
        here = machine()
        import llvmlite.binding as llvm

        name = hashlib.sha256(f"{here.name}\0{text}".encode()).hexdigest()
        code = kept(name)
        if code is None:
            code = here.target.emit_object(_parsed(here, text))
            keep(name, code)
        _provide()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), here.target)
        _owners.append(engine)  # at once: an engine that is dropped, as by Ctrl-C, takes the target with it
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        made = _Method(b"kernel", int(engine.get_function_address("call")), _FASTCALL, None)
        _owners.append(made)
        return _builtin(ctypes.byref(made), None, None)


@contextmanager
def _interrupted_after() -> Generator[None]:
    """Ctrl-C takes effect at the end: llvmlite that is interrupted frees its memory twice."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    seen: list[Any] = []
    signal.signal(signal.SIGINT, lambda *given: seen.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if seen:
        before(*seen[0])


class _Method(ctypes.Structure):
    """PyMethodDef: how Python describes a function of C."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_FASTCALL = 0x80  # METH_FASTCALL: the arguments as an array of objects
_builtin = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(
    ("PyCFunction_NewEx", ctypes.pythonapi)
)
_owners: list[Any] = []  # of the code and the descriptions that functions point to


@cache
def _provide() -> None:
    """Give an address to each name that kernels call."""
    import llvmlite.binding as llvm

    python = {
        "actlab_number": "PyLong_AsLongLong",
        "actlab_refuse": "PyErr_BadArgument",
        "actlab_object": "PyLong_FromLongLong",
        "actlab_release": "PyEval_SaveThread",
        "actlab_resume": "PyEval_RestoreThread",
    }
    for name, own in python.items():
        llvm.add_symbol(name, _address(ctypes.pythonapi, own))
    for name, address in zip(("actlab_parallel", "actlab_thread_num", "actlab_num_threads"), openmp(), strict=True):
        # without OpenMP nobody calls them, but linking asks for some address
        llvm.add_symbol(name, address or _address(ctypes.pythonapi, "PyErr_Occurred"))


def _address(library: ctypes.CDLL, name: str) -> int:
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0


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
        return OpenMP(*[_address(library, name) for name in names])
    except (OSError, AttributeError):
        return OpenMP(0, 0, 0)


@cache
def several() -> bool:
    """Whether a kernel may use several threads: not without OpenMP, nor in a forked process, whose pool is lost."""
    return bool(openmp().parallel) and not _Forked.child


def threads() -> int:
    """How many threads a kernel may use: torch's number, or one."""
    return torch.get_num_threads() if several() else 1
