"""What a name means: ours, or another library's, with the settings that make it the same function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from . import ENTRIES
from .dialects import ALSO, AMBIGUOUS, DIALECTS, Meaning
from .entry import Entry
from .plugins import all_entries
from .registry import nearest, plain

# where torch keeps its activations -> how it is written here
_TORCH = {
    "torch.nn.functional.": "F.",
    "nn.functional.": "F.",
    "torch.nn.modules.activation.": "",
    "torch.nn.modules.linear.": "",
    "torch.nn.": "",
    "torch.": "",
    "nn.": "",
    "F.": "F.",
}


class Resolved(NamedTuple):
    """The entry a name stands for, the settings of its module, and the arguments that still must be given."""

    entry: Entry
    settings: dict[str, Any]
    needs: tuple[str, ...] = ()


@cache
def names_of(library: str) -> Mapping[str, Meaning]:
    """What each name of one of `libraries()` means, spelled as there."""
    rows = DIALECTS.get(library, {})
    restated = {_last(name) for name in rows}
    homes = {entry.elsewhere[library]: entry for entry in ENTRIES.values() if library in entry.elsewhere}
    found = {_short(home): Meaning(entry.name) for home, entry in homes.items() if _last(home) not in restated}
    return {**found, **rows}


@cache
def libraries() -> tuple[str, ...]:
    """Every library, or part of one that has names of its own, that a name may start with: "vllm", "vllm_moe"."""
    homes = (library for entry in ENTRIES.values() for library in entry.elsewhere)
    return tuple(dict.fromkeys((*DIALECTS, *homes)))


def parts_of(library: str) -> tuple[str, ...]:
    """A library and the parts of it that have names of their own: "vllm" and "vllm_moe". ValueError if unknown."""
    library = library.strip().lower().replace("-", "_")
    library = ALSO.get(library, library)
    if library not in libraries():
        raise ValueError(f"{library!r} is no library whose names are known{_close(library, libraries())}")
    return (library, *(part for part in libraries() if part.startswith(f"{library}_")))


def library_of(part: str) -> str:
    """The library that one of `libraries()` is or belongs to: "vllm" of "vllm_moe"."""
    return min((one for one in libraries() if f"{part}_".startswith(f"{one}_")), key=len)


def elsewhere(entry: Entry) -> dict[str, str]:
    """library -> the names an entry has there, with the settings that are not its defaults."""
    found = dict(entry.elsewhere)
    if ENTRIES.get(entry.name) is not (entry.root or entry):
        return found
    for library, names in DIALECTS.items():
        told = [described(meaning, name) for name, meaning in names.items() if meaning.entry == entry.name]
        home = found.get(library)
        if told and (home is None or _last(home) not in {_last(name) for name in names}):
            found[library] = ", ".join(filter(None, (home, *told)))
        elif told:
            found[library] = ", ".join(told)
    return found


def resolve(name: str | Entry) -> Resolved:
    """The entry a name stands for, with the settings that make it the same function.

    Accepted: an entry; the name or an alias of one in any spelling ("LeakyReLU"); "actlab:NAME"; "library:NAME" for
    each of `libraries()`, where "vllm:" also looks through "vllm_moe:" and its like; torch's own paths ("nn.GELU",
    "F.relu"); and a name without a library when all that have it mean the same. Raises ValueError for an unknown name,
    with the nearest, and for an ambiguous one, with its meanings.
    """
    if isinstance(name, Entry):
        return Resolved(name, {})
    if not isinstance(name, str):
        raise TypeError(f"an activation is named by text or given as an entry, not by {type(name).__name__}")
    library, _, short = name.rpartition(":")
    if library == "actlab":
        return Resolved(find(short), {})
    if library:
        return _only(name, _in_library(library, short))
    if name.startswith(tuple(_TORCH)):
        return _only(name, _in_library("torch", name))
    _refuse_ambiguous(name)
    own = all_entries().named(name)
    if own is not None:
        return Resolved(own, {})
    meanings = _spelled(name, libraries())
    return _only(name, meanings) if meanings else Resolved(find(name), {})


def find(name: str) -> Entry:
    """The entry of the catalogue or of an installed package with this name or alias, in any spelling.

    Raises ValueError for an ambiguous name, with its meanings, and for an unknown one, with the nearest.
    """
    _refuse_ambiguous(name)
    return all_entries().find(name)


def choices(entry: Entry) -> dict[str, list[str]]:
    """gate -> names in other libraries, one of each, that mean this gated entry with that half as the gate."""
    found: dict[str, dict[str, str]] = {"first": {}, "second": {}}
    for library, names in DIALECTS.items():
        for name, meaning in names.items():
            if meaning.entry == entry.name and "gate" in meaning.settings:
                found[meaning.settings["gate"]].setdefault(library, f"{library}:{name}")
    return {gate: list(users.values()) for gate, users in found.items()}


def namesakes(entry: Entry) -> dict[str, str]:
    """ "library:name" -> the other entry that this entry's name means there."""
    return {
        f"{library}:{name}": meaning.entry
        for library, names in DIALECTS.items()
        for name, meaning in names.items()
        if plain(name) == plain(entry.name) and meaning.entry != entry.name
    }


def _in_library(library: str, name: str) -> dict[str, Meaning]:
    """library:name -> meaning, for a name in a library, or else in the parts of it that have names of their own."""
    parts = parts_of(library)
    found = _spelled(name, parts[:1]) or _spelled(name, parts[1:])
    if not found:
        known = tuple(dict.fromkeys(spelled for part in parts for spelled in names_of(part)))
        raise ValueError(f"{library} has no activation named {name!r} that is known{_close(name, known)}")
    return found


def _spelled(name: str, parts: Iterable[str]) -> dict[str, Meaning]:
    """library:name -> meaning wherever it is spelled so: to the letter if anywhere, else nearly, else its last part."""
    rows = [(part, spelled, meaning) for part in parts for spelled, meaning in names_of(part).items()]
    for same in (lambda a, b: a == b, lambda a, b: plain(a) == plain(b), lambda a, b: _last(a) == _last(b)):
        if found := {f"{part}:{spelled}": meaning for part, spelled, meaning in rows if same(_short(name), spelled)}:
            return found
    return {}


def _short(path: str) -> str:
    """ "F.relu" for torch.nn.functional.relu, "ReLU" for torch.nn.ReLU, "nn.relu" for jax.nn.relu."""
    for start, short in _TORCH.items():
        if path.startswith(start):
            return short + path[len(start) :]
    return path.removeprefix("jax.")


def _last(name: str) -> str:
    return plain(name.rpartition(".")[-1])


def _only(name: str, found: Mapping[str, Meaning]) -> Resolved:
    """The one meaning of a name; ValueError that lists them where there are several."""
    meanings = {(meaning.entry, *_distinct(meaning), *meaning.needs): meaning for meaning in found.values()}
    if len(meanings) > 1:
        listed = "; ".join(f'"{spelled}" is {described(meaning)}' for spelled, meaning in found.items())
        raise ValueError(f"{name!r} has several meanings; write the one you want: {listed}")
    meaning = next(iter(meanings.values()))
    return Resolved(find(meaning.entry), dict(_distinct(meaning)), meaning.needs)


def _close(name: str, known: tuple[str, ...]) -> str:
    """What to write instead: the nearest names, or all of them."""
    close = nearest(name, known)
    return close if "did you mean" in close else f"; known are {', '.join(known)}"


def _refuse_ambiguous(name: str) -> None:
    for known, meanings in AMBIGUOUS.items():
        if plain(known) == plain(name):
            listed = "; ".join(f'"{one.write}" ({one.what})' if one.write else f"({one.what})" for one in meanings)
            raise ValueError(f"{name!r} has several meanings; write the one you want: {listed}")


def _distinct(meaning: Meaning) -> Iterator[tuple[str, Any]]:
    """The settings that differ from what the module does without them, in a fixed order."""
    parameters = ENTRIES[meaning.entry].parameters if meaning.entry in ENTRIES else {}
    usual = {"dim": -1, "layout": "chunk"} | {key: parameter.default for key, parameter in parameters.items()}
    yield from sorted((key, value) for key, value in meaning.settings.items() if usual.get(key) != value)


def described(meaning: Meaning, name: str = "") -> str:
    """A meaning in one line: "swiglu (gate='first')", with "..." for an argument that has no default.

    name: what stands before the settings, by default the entry.
    """
    parts = [f"{key}={value!r}" for key, value in _distinct(meaning)] + [f"{key}=..." for key in meaning.needs]
    return f"{name or meaning.entry} ({', '.join(parts)})" if parts else name or meaning.entry
