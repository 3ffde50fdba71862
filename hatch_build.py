"""A release carries the explorer's built page; an editable install works without it, and so without Node."""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "src/actlab/explorer/built"
NEEDED = ("index.html", "catalog.json")  # of the two steps that build it
WITHOUT = "ACTLAB_WITHOUT_PAGE"


class CustomBuildHook(BuildHookInterface[Any]):
    """Asks for the page before a wheel or an sdist is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises RuntimeError with one sentence where the page is missing and is not to be done without."""
        missing = [name for name in NEEDED if not (Path(self.root) / PAGE / name).is_file()]
        if missing and version != "editable" and not os.environ.get(WITHOUT):
            raise RuntimeError(
                f"a release without the explorer's page would be broken, and {PAGE}/{missing[0]} is missing: run "
                f"`make explorer` first (it needs Node 20), or set {WITHOUT}=1 to leave the page out"
            )
