"""A worker process: jobs on its standard input, records on its standard output, one JSON line each.

The first line is the path of the function. What a job prints goes to standard error, so that it cannot be
taken for a record. The worker ends when its input does; Ctrl-C is left to the parent, which ends its workers.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from .job import Job, execute


def main() -> None:
    """Serve jobs until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    function_path = json.loads(lines.readline() or "null")
    for line in lines:
        record = execute(function_path, Job(json.loads(line)))
        try:
            answers.write(json.dumps(record.to_json()) + "\n")
            answers.flush()
        except BrokenPipeError:  # the parent is gone: nobody is left to answer
            sys.stderr.close()
            os._exit(1)


if __name__ == "__main__":
    main()
