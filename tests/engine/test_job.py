"""Jobs and records."""

from __future__ import annotations

import dataclasses

import pytest

from actlab.engine import Job, Record, execute, function_at


def test_equal_arguments_have_one_key_in_any_order() -> None:
    """The key depends on what the arguments say, not on how they were written."""
    assert Job.of(task="digits", seed=3) == Job.of(seed=3, task="digits")
    assert Job.of(task="digits", seed=3).key == Job.of(seed=3, task="digits").key


def test_different_arguments_have_different_keys() -> None:
    """Canary of the key: one changed argument, value or type, changes it."""
    jobs = [Job.of(seed=3), Job.of(seed=4), Job.of(seed="3"), Job.of(other=3), Job.of(seed=[3])]
    assert len({job.key for job in jobs}) == len(jobs)


def test_the_key_is_the_same_on_every_machine() -> None:
    """A store written elsewhere is understood: the key is a published hash, not Python's."""
    assert Job.of(seed=3, task="digits").key == "a8644c7d79aa3865f662f03c"


def test_a_job_cannot_be_changed() -> None:
    """Changing the arguments that were handed out leaves the job alone; assigning is refused."""
    job = Job.of(names=["relu"])
    job.arguments["names"].append("gelu")
    assert job.arguments == {"names": ["relu"]}
    with pytest.raises(dataclasses.FrozenInstanceError):
        job.text = "{}"  # type: ignore[misc]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
def test_arguments_that_are_not_plain_json_are_refused(value: object) -> None:
    """What cannot be written to a file and read back unchanged cannot be a job."""
    with pytest.raises((TypeError, ValueError)):
        Job.of(value=value)


def test_a_record_survives_the_way_through_json() -> None:
    """Writing and reading a record loses nothing."""
    import json

    record = execute("engine_specimens:square", Job.of(number=5))
    assert Record.from_json(json.dumps(record.to_json())) == record
    assert (record.status, record.value) == ("done", 25)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("engine_specimens:not_json", "not plain JSON"),
        ("engine_specimens:not_a_number", "not plain JSON"),
        ("engine_specimens:absent", "AttributeError"),
        ("no_such_module_at_all:f", "ModuleNotFoundError"),
    ],
)
def test_a_job_that_cannot_give_a_value_is_a_failed_record(path: str, said: str) -> None:
    """A missing function or a value that is no JSON is told in the record, not raised."""
    record = execute(path, Job.of(number=1))
    assert record.status == "failed" and said in record.error and "\n" not in record.error


def test_a_failed_record_says_what_and_where() -> None:
    """The error is one line with the exception, its message, the file and the line."""
    record = execute("engine_specimens:fails", Job.of(number=2))
    assert record.error.startswith("RuntimeError: two is not allowed (")
    assert "engine_specimens.py, line" in record.error


def test_a_path_without_a_function_is_refused() -> None:
    """The message shows how a path is written."""
    with pytest.raises(ValueError, match=r"package\.module:function"):
        function_at("engine_specimens.square")
