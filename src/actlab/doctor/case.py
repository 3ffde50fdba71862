"""A case from a file: FILE.py:function, where the function takes nothing and returns a Case."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from dataclasses import replace
from pathlib import Path

from torch import nn

from .records import Case, CaseError


def load_case(target: str) -> Case:
    """The case that `FILE.py:function` returns; `case` is the function when none is named.

    Raises CaseError in one sentence when the file or the function is missing, raises, or returns something else.
    """
    name, _, function_name = target.rpartition(":")
    if not name or not function_name.isidentifier():
        name, function_name = target, "case"
    path = Path(name)
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise CaseError(f"the file {name} {kind}; give FILE.py:function, for example model.py:case")
    module_name = f"_actlab_case_{abs(hash(path.resolve())):x}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise CaseError(f"{name} cannot be loaded as Python; give a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickling look the module up by name
    added = str(path.resolve().parent)
    sys.path.insert(0, added)
    try:
        spec.loader.exec_module(module)
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        raise CaseError(f"{name} fails when it is loaded: {_told(error)}; run python {name} to see where") from error
    finally:
        if added in sys.path:
            sys.path.remove(added)
    function = getattr(module, function_name, None)
    if function is None:
        found = [
            key for key, item in vars(module).items() if inspect.isfunction(item) and item.__module__ == module_name
        ]
        hint = f"; it has {', '.join(found[:6])}" if found else "; it defines no function"
        raise CaseError(f"{name} has no function named {function_name}{hint}")
    if isinstance(function, Case):
        return replace(check(function, target), source=f"{name}:1")
    if not callable(function):
        raise CaseError(
            f"{function_name} in {name} is a {type(function).__name__}; it must be a function returning a Case"
        )
    try:
        result = function()
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        raise CaseError(f"{function_name}() in {name} raised {_told(error)}; make it return a Case") from error
    if not isinstance(result, Case):
        raise CaseError(
            f"{function_name}() in {name} returned a {type(result).__name__}; it must return actlab.Case(model, data, "
            "loss)"
        )
    line = getattr(getattr(function, "__code__", None), "co_firstlineno", 1)
    return replace(check(result, target), source=f"{name}:{line}")


def check(case: Case, name: str = "the case") -> Case:
    """The case, a compiled model replaced by the one behind it; CaseError where a part is of the wrong kind."""
    behind = getattr(case.model, "_orig_mod", None)  # torch.compile keeps the module there; compiled calls hide theirs
    if isinstance(behind, nn.Module):
        case = replace(case, model=behind)
    if not isinstance(case.model, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise CaseError(f"the model of {name} is a {type(case.model).__name__}; it must be a torch.nn.Module")
    if any(tensor.is_meta for tensor in (*case.model.parameters(), *case.model.buffers())):
        raise CaseError(f"the model of {name} lies on the meta device and has no numbers; load its weights first")
    if not hasattr(case.data, "__iter__"):
        raise CaseError(
            f"the data of {name} are a {type(case.data).__name__}; give a list or a DataLoader of (input, target)"
        )
    if hasattr(case.data, "__next__"):
        raise CaseError(f"the data of {name} can be read only once; give a list or a DataLoader instead of a generator")
    if not callable(case.loss):
        raise CaseError(
            f"the loss of {name} is a {type(case.loss).__name__}; give a function (output, target) -> tensor"
        )
    return case


def _told(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
