"""Temporary files in memory, where the machine has room for them.

Nearly every test makes databases, and nearly every commit waits for a flush. Tests kill processes and never cut the
power, so the flush is waited for as before, and costs nothing.
"""

import os
import shutil
import tempfile
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108 - the folders made in it have names of their own
ROOM = 3 * 2**30
"""Bytes; a whole run on two processes holds about a tenth of it."""


def use() -> None:
    """For this process and its children. A TMPDIR that is set is left alone."""
    if "TMPDIR" in os.environ or not os.access(FOLDER, os.W_OK):
        return
    runs_programs = not os.statvfs(FOLDER).f_flag & os.ST_NOEXEC
    if runs_programs and shutil.disk_usage(FOLDER).free >= ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(FOLDER)
