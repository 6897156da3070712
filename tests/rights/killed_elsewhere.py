"""A worker process that is killed (SIGKILL) around another system's part in a request:
`python -m tests.rights.killed_elsewhere HOME DATABASE STORE MOMENT`."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from privacy_svc.db import Database
from privacy_svc.rights import outside, outside_courier
from privacy_svc.rights.outside_calling import Caller
from tests.rights.company import open_company
from tests.rights.mailtool import SECRET
from tests.rights.telling import with_settings


def main(home: str, database_url: str, store_url: str, moment: str) -> None:
    call, finish, noted = Caller._send, outside.finish, outside_courier.Outside._note_done

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def called(*given: Any, **named: Any) -> Any:
        """`called`: they have done it, and nothing of ours knows."""
        answer = call(*given, **named)
        if moment == "called":
            die()
        return answer

    def finished(*given: Any, **named: Any) -> None:
        """`noting`: in the transaction that says so."""
        finish(*given, **named)
        if moment == "noting":
            die()

    def after(*given: Any) -> None:
        """`noted`: the gate is open, and no run went on."""
        noted(*given)
        if moment == "noted":
            die()

    Caller._send = called  # type: ignore[method-assign]
    outside.finish = finished
    outside_courier.Outside._note_done = after  # type: ignore[method-assign]
    with open_company(Path(home), Database(database_url), store_url) as company:
        with_settings(company, outbound_allow="127.0.0.0/8", secrets={"mailtool": SECRET})
        company.requests.worker().start()
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
