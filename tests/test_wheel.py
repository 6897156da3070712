"""The wheel works without the checkout."""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_runs_the_demo_in_an_empty_folder(tmp_path: Path) -> None:
    """A wheel installed elsewhere brings example policies and audits along and tells the demo's whole story."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    elsewhere = tmp_path / "elsewhere"
    venv.create(elsewhere, with_pip=False, symlinks=True)
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(elsewhere / "package"),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    empty = tmp_path / "empty"
    empty.mkdir()
    # The dependencies are those of the tests' environment; the package itself comes from the wheel.
    site = next(p for p in sys.path if p.endswith("site-packages"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PRIVACY_")}
    environment["PYTHONPATH"] = f"{elsewhere / 'package'}{os.pathsep}{site}"
    done = subprocess.run(
        [str(elsewhere / "bin" / "python"), "-m", "privacy_svc", "demo", "--customers", "60", "--no-serve"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗ marketing.sms" in done.stdout
    assert "whole" in done.stdout
    assert (empty / "policies" / "purposes.yml").exists()
    assert (empty / "audits" / "programmes.yml").exists()
