"""A worker process that is killed (SIGKILL) at the end of one named step: `python -m tests.rights.killed …`."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from privacy_svc.db import Database
from privacy_svc.rights import steps
from privacy_svc.store import Stores
from tests.rights.company import open_company


def main(home: str, database_url: str, store_url: str, step: str, moment: str) -> None:
    original = steps.mark_done

    def marked(request: object, done: steps.Step) -> None:
        """`inside`: what the step did to the store stands, its note and our transaction do not."""
        if done.name == step and moment == "inside":
            os.kill(os.getpid(), signal.SIGKILL)
        original(request, done)  # type: ignore[arg-type]

    from privacy_svc.rights import fulfilment

    fulfilment.mark_done = marked  # type: ignore[attr-defined]
    steps.mark_done = marked
    carry_out = fulfilment.Fulfilment._carry_out

    def carried_out(
        self: fulfilment.Fulfilment, request_id: str, together: Sequence[steps.Step]
    ) -> fulfilment.Problem | None:
        """`after`: our transaction stands, the engine does not know of it."""
        problem = carry_out(self, request_id, together)
        if step in {s.name for s in together} and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return problem

    fulfilment.Fulfilment._carry_out = carried_out  # type: ignore[method-assign]
    if step == "between":
        _die_between_stores()
    with open_company(Path(home), Database(database_url), store_url) as company:
        company.requests.worker().start()
        time.sleep(60)


def _die_between_stores() -> None:
    """After the first transaction of a store that was committed with something in it."""
    write = Stores.write

    @contextmanager
    def writing(self: Stores, dataset: str) -> Iterator[Any]:
        with write(self, dataset) as connection:
            yield connection
        os.kill(os.getpid(), signal.SIGKILL)

    Stores.write = writing  # type: ignore[method-assign]


if __name__ == "__main__":
    main(*sys.argv[1:])
