"""The demo on a server's privacy database."""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import URL

from tests.conftest import fresh_postgres


def run(folder: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PRIVACY_")} | {"PRIVACY_DATABASE_URL": url}
    command = [sys.executable, "-m", "privacy_svc", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_demo_on_postgresql_twice(postgres_server: URL, tmp_path: Path) -> None:
    """The whole story, requests and all; a second one is refused with the way out, and leaves the first as it was."""
    demo = ("demo", "--customers", "12", "--no-serve")
    with fresh_postgres(postgres_server) as url:
        first = run(tmp_path, url, *demo)
        assert first.returncode == 0, first.stdout + first.stderr
        assert "the certificate is signed and checks out" in first.stdout
        assert "worker)" in first.stdout, "what is to be started by hand"
        certificate = (tmp_path / "var" / "ana-erasure.json").read_bytes()
        second = run(tmp_path, url, *demo)
        assert (second.returncode, "name an empty one" in second.stderr) == (2, True), second.stdout + second.stderr
        assert (tmp_path / "var" / "ana-erasure.json").read_bytes() == certificate
        listed = run(tmp_path, url, "request", "list")
        assert (listed.returncode, "erasure" in listed.stdout) == (0, True), listed.stdout + listed.stderr
