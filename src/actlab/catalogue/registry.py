"""All entries by name: how they are collected, and how a name in any spelling finds its entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType

from .entry import Entry


@dataclass(frozen=True)
class Family:
    """The entries of one family file, under its title in English and Chinese."""

    name: str
    title: Mapping[str, str]
    entries: tuple[Entry, ...]


class Entries(Mapping[str, Entry]):
    """The registry: an immutable mapping from name to entry, in reading order; aliases are known to `find` only."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self.families = families
        self._by_name: dict[str, Entry] = {}
        self._names: dict[str, str] = {}
        self._spelled: dict[str, str] = {}
        for family in families:
            for declared in family.entries:
                entry = declared
                if not entry.family:
                    object.__setattr__(entry, "family", family.name)
                elif entry.family != family.name:  # it belongs to another registry as well, and keeps its place there
                    entry = replace(declared, family=family.name)
                for name in (entry.name, *entry.aliases):
                    if self._names.setdefault(name, entry.name) != entry.name or name in self._by_name:
                        raise ValueError(f"the name {name!r} belongs to both {self._names[name]} and {entry.name}")
                    self._spelled.setdefault(plain(name), entry.name)
                self._by_name[entry.name] = entry

    def __getitem__(self, name: str) -> Entry:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> Entry | None:
        """The entry with this name or alias in any spelling, or None."""
        owner = self._names.get(name) or self._spelled.get(plain(name))
        return None if owner is None else self._by_name[owner]

    def find(self, name: str) -> Entry:
        """The entry with this name or alias; ValueError with the nearest names otherwise."""
        found = self.named(name)
        if found is not None:
            return found
        raise ValueError(f"there is no activation named {name!r}{nearest(name, self._names)}")


def collect(*modules: ModuleType) -> Entries:
    """The registry of all entries declared in these family modules, in the order written.

    Each module states the family's title in both languages as `TITLE`.
    """
    return Entries(tuple(_family(module) for module in modules))


def _family(module: ModuleType) -> Family:
    name = module.__name__.rsplit(".", 1)[-1]
    return Family(name, module.TITLE, tuple(item for item in vars(module).values() if isinstance(item, Entry)))


def plain(name: str) -> str:
    """A name without case and separators, so that LeakyReLU, leaky-relu and leaky_relu are one."""
    return name.replace("_", "").replace("-", "").lower()


def nearest(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """ "; did you mean ...?" with up to three similar names, or the way to list them all."""
    import difflib  # only a wrong name needs it

    spelled = {plain(candidate): candidate for candidate in known}
    close = difflib.get_close_matches(plain(name), spelled, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {', '.join(spelled[key] for key in close)}?"
    return "; `actlab list` shows them all"
