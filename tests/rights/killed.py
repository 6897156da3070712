"""A worker process that is killed (SIGKILL) at the end of one named step: `python -m tests.rights.killed …`."""

import os
import signal
import sys
import time
from pathlib import Path

from privacy_svc.db import Database
from privacy_svc.rights import steps
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
    perform = fulfilment.Fulfilment.perform

    def performed(self: fulfilment.Fulfilment, request_id: str, name: str) -> fulfilment.Problem | None:
        """`after`: our transaction stands, the engine does not know of it."""
        problem = perform(self, request_id, name)
        if name == step and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return problem

    fulfilment.Fulfilment.perform = performed  # type: ignore[method-assign]
    with open_company(Path(home), Database(database_url), store_url) as company:
        company.requests.worker().start()
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
