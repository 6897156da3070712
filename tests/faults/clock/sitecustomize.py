"""On the path of every process of a trial: its clock goes by so many seconds ahead."""

import os
from datetime import UTC, datetime, timedelta

if ahead := int(os.environ.get("PRIVACY_TEST_CLOCK", "0")):
    import time_machine

    time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True).start()
