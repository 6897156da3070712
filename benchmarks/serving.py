"""Evaluations and consents over HTTP, each with its log entry durable before the answer, against bare routes with one
SELECT, and with one INSERT and its commit.

All run on granian with one process, asked by wrk with 32 connections, in turns.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from sqlalchemy.engine import make_url

from privacy_svc import examples
from privacy_svc.cli.connecting import remember_store
from privacy_svc.cli.demo_store import build
from privacy_svc.home import create_home
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import add_client
from privacy_svc.settings import Settings
from tests import postgres
from tests.conftest import fresh_postgres

CUSTOMERS = 1_000
CONNECTIONS, SECONDS, ROUNDS = 32, 4, 3
BARE, SERVICE = 8491, 8490
BOXCAR = 100
TARGET, CONSENTS = 0.5, 600
"""Of evaluations, of the limit; of consents, a second (Fides saves 52 to 64 on such a machine)."""
SELECT, EVALUATION, BOXCARS = "a bare route with one SELECT", "one evaluation", f"a boxcar of {BOXCAR}"
INSERT, CONSENT = "a bare route with one INSERT", "one consent"


@dataclass(frozen=True)
class Measured:
    """Requests a second, and milliseconds."""

    rate: float
    p50: float
    p99: float


def run() -> None:
    if shutil.which("wrk") is None:
        print("\nServing: skipped, wrk is not here (Debian: apt-get install wrk)")
        return
    for name in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory() as folder, _database(name) as url:
            _run(name, url, Path(folder))


@contextmanager
def _database(name: str) -> Iterator[str | None]:
    if name == "SQLite":
        yield None
        return
    with fresh_postgres(make_url(postgres.find())) as url:
        yield url


def _run(name: str, url: str | None, folder: Path) -> None:
    store = folder / "shop.sqlite"
    build(store, CUSTOMERS, 7)
    examples.copy_missing("policies", folder / "policies")
    settings = Settings(home=folder / "var", policies=folder / "policies", **({"database_url": url} if url else {}))
    remember_store(settings.home, "shop", f"sqlite:///{store}")
    settings = replace(settings, stores={"shop": f"sqlite:///{store}"})
    runtime = create_home(settings)
    with runtime.database.write() as session:
        token = add_client(session, runtime.log, "marketing", Role.MODULE, "bench")[1]
        for key in range(1, CUSTOMERS + 1):
            runtime.directory.admit(session, CustomerRef(id=str(key)))
    database = runtime.database.engine.url.render_as_string(hide_password=False)
    runtime.close()
    environment = {
        **os.environ,
        "PRIVACY_HOME": str(settings.home),
        "PRIVACY_POLICIES": str(settings.policies),
        "PRIVACY_PORT": str(SERVICE),
        "PRIVACY_BASE_URL": f"http://127.0.0.1:{SERVICE}",
        "BENCH_DATABASE": database,
        **({"PRIVACY_DATABASE_URL": url} if url else {}),
    }
    serve = [sys.executable, "-m", "privacy_svc", "serve"]
    bare = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-access-log", "--port", str(BARE)]
    ours = f"http://127.0.0.1:{SERVICE}"
    with (
        _running(serve, environment, f"{ours}/health/ready", folder),
        _running([*bare, "benchmarks.bare:from_environment"], environment, f"http://127.0.0.1:{BARE}/1", folder),
    ):
        asks = {
            SELECT: (f"http://127.0.0.1:{BARE}", _LOOK_UP),
            EVALUATION: (f"{ours}/access/v1/evaluation", _script(token, _evaluation("CUSTOMER"))),
            BOXCARS: (f"{ours}/access/v1/evaluations", _script(token, _boxcar())),
            INSERT: (f"http://127.0.0.1:{BARE}", 'wrk.method = "POST"'),
            CONSENT: (f"{ours}/v1/consents", _script(token, _consent("CUSTOMER"))),
        }
        _show(name, _measure(asks, folder))


def _measure(asks: Mapping[str, tuple[str, str]], folder: Path) -> dict[str, Measured]:
    """The best of some rounds, each of which runs all."""
    found: dict[str, Measured] = {}
    for _ in range(ROUNDS):
        for name, (url, script) in asks.items():
            file = folder / "ask.lua"
            file.write_text(script)
            measured = _wrk(url, file)
            if name not in found or measured.rate > found[name].rate:
                found[name] = measured
    return found


def _wrk(url: str, script: Path) -> Measured:
    connections = str(4 if url.endswith("evaluations") else CONNECTIONS)
    command = ["wrk", "-t1", "-c", connections, f"-d{SECONDS}s", "--timeout=9", "--latency", "-s", str(script), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    latency = {p: _milliseconds(v) for p, v in re.findall(r"(\d+)%\s+([\d.]+\w+)", said)}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None, said
    return Measured(float(rate[1]), latency["50"], latency["99"])


def _milliseconds(value: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", value).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def _show(name: str, found: Mapping[str, Measured]) -> None:
    select, insert, single, consent = (found[n] for n in (SELECT, INSERT, EVALUATION, CONSENT))
    print(f"\nOver HTTP, {name}, {CONNECTIONS} connections")
    for what, m in found.items():
        print(f"  {what:30} {m.rate:8,.0f} requests/s  p50 {m.p50:.0f} ms, p99 {m.p99:.0f} ms")
    share, times = single.rate / select.rate, found[BOXCARS].rate * BOXCAR / single.rate
    print(f"  an evaluation is {share:.2f} of the bare SELECT (target {TARGET}  {_verdict(share >= TARGET)})")
    print(f"  a boxcar makes {times:.1f} times as many decisions (target 10  {_verdict(times >= 10)})")
    share, met = consent.rate / insert.rate, _verdict(consent.rate >= CONSENTS)
    print(f"  a consent is {share:.2f} of the bare INSERT (target {CONSENTS} a second  {met})")


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


@contextmanager
def _running(command: list[str], environment: dict[str, str], ready: str, folder: Path) -> Iterator[None]:
    with (folder / "process.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait(process, ready)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: "subprocess.Popen[bytes]", ready: str) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("a process of the benchmark ended")
        try:
            if httpx.get(ready, timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("a process of the benchmark did not answer")


def _evaluation(key: str) -> dict[str, object]:
    return {
        "subject": {"type": "module", "id": "marketing"},
        "action": {"name": "use"},
        "resource": {"type": "customer", "id": key, "properties": {"fields": ["email", "first_name"]}},
        "context": {"purpose": "marketing.email"},
    }


def _consent(key: str) -> dict[str, object]:
    return {
        "customer": {"id": key},
        "purpose": "marketing.email",
        "state": "given",
        "notice": {"id": "newsletter", "version": 2, "language": "en"},
        "source": {"channel": "web", "method": "explicit"},
    }


def _boxcar() -> dict[str, object]:
    shared = _evaluation("")
    fields = {"fields": ["email", "first_name"]}
    items = [{"resource": {"type": "customer", "id": str(n), "properties": fields}} for n in range(1, BOXCAR + 1)]
    return {k: v for k, v in shared.items() if k != "resource"} | {"evaluations": items}


_LOOK_UP = f"""
request = function() return wrk.format("GET", "/" .. math.random(1, {CUSTOMERS})) end
"""


def _script(token: str, body: Mapping[str, object]) -> str:
    return f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
local body = [==[{json.dumps(body)}]==]
request = function()
  return wrk.format(nil, nil, nil, (body:gsub("CUSTOMER", tostring(math.random(1, {CUSTOMERS})))))
end
"""
