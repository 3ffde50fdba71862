"""Where records are kept: a file of JSON lines that is only ever appended to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from .job import Job, Record


class Store:
    """Records in a file, one JSON line each; what is appended has reached the disk when `append` returns.

    Readers may read while one process writes. A line cut short by a crash is skipped and counted in
    `damaged`; the next append starts a new line after it. Of records with one key the first finished one
    counts, or the last failed one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.damaged = 0

    def append(self, records: Iterable[Record]) -> None:
        """Add these records in one write, then fsync; OSError when the disk or folder refuses."""
        lines = "".join(json.dumps(record.to_json(), ensure_ascii=False) + "\n" for record in records)
        if not lines:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                lines = lines if file.read(1) == b"\n" else "\n" + lines
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())

    def __iter__(self) -> Iterator[Record]:
        """Every record, one per key, in the order first written."""
        return iter(self._by_key().values())

    def records(self, jobs: Iterable[Job]) -> list[Record]:
        """The records of these jobs, in the order of the jobs; jobs without a record are left out."""
        found = self._by_key()
        return [found[job.key] for job in jobs if job.key in found]

    def missing(self, jobs: Iterable[Job], again: bool = False) -> list[Job]:
        """The jobs without a record, each once; with `again` also those whose record says failed."""
        settled = {key for key, record in self._by_key().items() if record.status == "done" or not again}
        return list({job.key: job for job in jobs if job.key not in settled}.values())

    def _by_key(self) -> dict[str, Record]:
        found: dict[str, Record] = {}
        self.damaged = 0
        if not self.path.exists():
            return found
        with open(self.path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    record = Record.from_json(line)
                except (ValueError, TypeError):
                    self.damaged += bool(line.strip())
                    continue
                if record.key not in found or found[record.key].status == "failed":
                    found[record.key] = record
        return found
