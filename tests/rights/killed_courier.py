"""A process that is killed (SIGKILL) when it has told a recipient and not noted it."""

import os
import signal
import sys
from pathlib import Path

from privacy_svc.db import Database
from privacy_svc.rights import Recipients
from privacy_svc.rights.courier import Courier
from tests.rights.telling import telling_again


def main(home: str, database_url: str, store_url: str) -> None:
    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Courier._note = killed  # type: ignore[method-assign]
    with telling_again(Path(home), Database(database_url), store_url) as company:
        Recipients(company.requests).courier.deliver_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
