"""The file of records."""

from __future__ import annotations

from pathlib import Path

import pytest

from actlab.engine import Job, Record, Store

JOBS = [Job.of(number=number) for number in range(4)]


def record(job: Job, value: object = 1) -> Record:
    return Record(job.key, job.arguments, "done", value)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "deep" / "er" / "study.jsonl")


def test_a_store_gives_back_what_was_appended(store: Store) -> None:
    """Records come back equal, in the order of the jobs asked for."""
    store.append([record(JOBS[0], {"score": 0.5, "名": "值"}), record(JOBS[1])])
    assert Store(store.path).records([JOBS[1], JOBS[0], JOBS[2]]) == [
        record(JOBS[1]),
        record(JOBS[0], {"score": 0.5, "名": "值"}),
    ]


def test_missing_jobs_are_those_without_a_record(store: Store) -> None:
    """A resumed study runs exactly what is not there, and each job once."""
    assert store.missing(JOBS) == JOBS
    store.append([record(JOBS[2])])
    assert store.missing([*JOBS, JOBS[0]]) == [JOBS[0], JOBS[1], JOBS[3]]


def test_failed_jobs_run_again_only_when_asked(store: Store) -> None:
    """A failure is a result; with `again` it is tried once more and a success replaces it."""
    store.append([Record.failed(JOBS[0], "no"), record(JOBS[1])])
    assert store.missing(JOBS[:2]) == []
    assert store.missing(JOBS[:2], again=True) == [JOBS[0]]
    store.append([record(JOBS[0], 7), Record.failed(JOBS[1], "late")])
    assert [found.value for found in store.records(JOBS[:2])] == [7, 1]


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_a_line_cut_short_costs_that_line_only(store: Store, kept: int) -> None:
    """A crash in mid-write loses the last record; earlier and later ones are read."""
    store.append([record(JOBS[0])])
    whole = store.path.read_bytes()
    store.path.write_bytes(whole + whole[:kept])
    assert store.missing(JOBS[:2]) == [JOBS[1]] and store.damaged == 1
    store.append([record(JOBS[1])])
    assert store.missing(JOBS[:2]) == [] and store.damaged == 1


@pytest.mark.parametrize("line", ["[]", "3", "null", "{}", '{"key": 1}', "\x00\x00", "[" * 50])
def test_lines_that_are_no_records_are_skipped_and_counted(store: Store, line: str) -> None:
    """Whatever stands in the file, reading it does not raise."""
    store.append([record(JOBS[0])])
    with open(store.path, "a") as file:
        file.write(line + "\n")
    assert list(store) == [record(JOBS[0])] and store.damaged == 1


def test_a_reader_sees_whole_records_while_the_file_grows(store: Store) -> None:
    """A second process reading the file sees what was appended so far."""
    reader = Store(store.path)
    for count, job in enumerate(JOBS, start=1):
        store.append([record(job)])
        assert len(list(reader)) == count and reader.damaged == 0


def test_an_empty_store_is_not_created_by_reading(store: Store) -> None:
    """Looking leaves no files behind."""
    assert list(store) == [] and store.missing(JOBS) == JOBS
    store.append([])
    assert not store.path.parent.exists()
