"""Work in a process of its own that is killed, by SIGKILL, before its N-th commit."""

import multiprocessing
import os
import signal
from collections.abc import Callable

from sqlalchemy import Engine, event


def killed_before_commit(number: int, work: Callable[[], object]) -> bool:
    """Whether the process got as far as its `number`-th commit, on any database, and was killed there; False when the
    work was done before. What the work needs it opens itself: connections are not shared with a child."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(number, work))
    process.start()
    process.join(timeout=120)
    assert process.exitcode in {0, -signal.SIGKILL}, process.exitcode
    return process.exitcode != 0


def _run(number: int, work: Callable[[], object]) -> None:
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1
        if commits == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "commit", count)
    work()
    os._exit(0)
