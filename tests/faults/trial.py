"""A service of real processes, a load on it, and faults in between. Afterwards the checker looks."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import create_engine, text

from privacy_svc import examples
from privacy_svc.cli.connecting import remember_store
from privacy_svc.home import create_home
from privacy_svc.http import Role
from privacy_svc.identity import add_client
from privacy_svc.settings import Settings
from privacy_svc.store import seal
from tests.e2e.service import SECONDS, Installation
from tests.faults.checking import check
from tests.faults.client import Caller, Officer
from tests.faults.record import Record
from tests.keepers import Transit
from tests.postgres import Server

CUSTOMERS, CALLERS, ERASABLE = 150, 3, 120
CLOCK_FOLDER = str(Path(__file__).parent / "clock")
END_WITH_US = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
"""A trial that is killed leaves nothing behind."""
CLIENTS = (("shop", Role.MODULE), ("marketing", Role.MODULE), ("support", Role.MODULE), ("officer", Role.DPO))


@dataclass
class Served(Installation):
    """An installation whose processes can be killed. `more`: settings of the trial."""

    more: dict[str, str] = field(default_factory=dict)
    commands: list[list[str]] = field(default_factory=list)
    running: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [CLOCK_FOLDER, os.environ.get("PYTHONPATH", ""), str(Path.cwd())]))
        return {**super().environment, "PYTHONPATH": path, **self.more}

    def start(self) -> None:
        """Each command with its children in a session of its own, so that they can be killed together."""
        for number, command in enumerate(self.commands):
            if number < len(self.running) and self.running[number].poll() is None:
                continue
            with (self.folder / f"{command[0]}-{number}.log").open("ab") as log:
                arguments = [sys.executable, "-m", "privacy_svc", *command]
                process = subprocess.Popen(
                    [*END_WITH_US, *arguments],
                    cwd=self.folder,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.running[number : number + 1] = [process]

    def ready(self) -> None:
        self.wait(self.running)

    def kill(self, number: int) -> None:
        """A command with its children, as a supervisor or the kernel does it."""
        process = self.running[number]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=SECONDS)

    def end(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(timeout=SECONDS)
        self.running.clear()

    def children(self, number: int) -> list[int]:
        """Processes under a command, the nearest first."""
        found = [self.running[number].pid]
        for pid in found:
            found += [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return found[1:]


@dataclass
class Trial:
    """`record` is of the whole trial: after each fault everything is looked for that was ever acknowledged. `alone`:
    customers who share neither name nor number with another."""

    service: Served
    store: str
    seed: int
    alone: list[str]
    server: Server | None = None
    keys: Transit | None = None
    mail_port: int = 0
    record: Record = field(default_factory=Record)
    erasable: list[str] = field(init=False)
    numbers: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = random.Random(self.seed)  # noqa: S311 - draws faults
        self.erasable = [key for key in self.alone if int(key) > CUSTOMERS - ERASABLE]

    @contextmanager
    def load(self) -> Iterator[None]:
        """Under load; at the end every call has its answer."""
        end = threading.Event()
        free = [str(n) for n in range(1, CUSTOMERS - ERASABLE + 1)]
        mine = [free[n::CALLERS] for n in range(CALLERS)]
        callers = [Caller(self.service, self.record, self.chance(), keys, end) for keys in mine]
        callers.append(Officer(self.service, self.record, self.chance(), self.erasable, end))
        failed: list[BaseException] = []
        threads = [threading.Thread(target=_run, args=(caller, failed)) for caller in callers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            end.set()
            for thread in threads:
                thread.join()
        if failed:
            raise failed[0]

    def suffer(self, fault: Callable[["Trial"], None], seconds: float) -> None:
        """The fault in the middle of some seconds of load; then nothing that was acknowledged is missing."""
        before = self.record.answered
        with self.load():
            time.sleep(seconds / 2)
            fault(self)
            self.service.ready()
            time.sleep(seconds / 2)
        assert self.record.answered > before
        check(self)

    def alive(self) -> None:
        """The process says that it lives, whatever is away."""
        assert httpx.get(self.service.url + "/health/live", timeout=2).status_code == 200

    def chance(self) -> random.Random:
        return random.Random(self.numbers.getrandbits(64))  # noqa: S311 - draws calls


def _run(caller: Caller, failed: list[BaseException]) -> None:
    try:
        caller.run()
    except BaseException as error:  # noqa: BLE001 - raised again by whoever started the load
        failed.append(error)


def _alone(store: str) -> list[str]:
    """An erasure of somebody whose name or number another customer has too waits for a person, who says whose it is; no
    fault is to blame for that."""
    statement = text("SELECT id, phone, first_name, last_name FROM customers ORDER BY id DESC")
    engine = create_engine(store)
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    engine.dispose()
    phones, names = Counter(r.phone for r in rows if r.phone), Counter((r.first_name, r.last_name) for r in rows)
    return [str(r.id) for r in rows if phones[r.phone] < 2 and names[r.first_name, r.last_name] < 2]


def found(folder: Path, store: str, database: str, seed: int, more: dict[str, str]) -> Trial:
    """A sealed shop with its clients; nothing is served yet. One `serve` with the worker it brings on SQLite, two web
    processes and two workers on PostgreSQL."""
    commands = [["serve", "--workers", "2"], ["worker"], ["worker"]] if database else [["serve"]]
    service = Served(folder, database, more=more, commands=commands)
    examples.copy_missing("policies", folder / "policies")
    settings = Settings(
        home=service.home,
        policies=folder / "policies",
        database_url=database,
        stores={"shop": store},
        key_provider=more.get("PRIVACY_KEY_PROVIDER", "file"),
    )
    remember_store(service.home, "shop", store)
    alone = _alone(store)
    runtime = create_home(settings)
    seal(runtime.sealer("trial"))
    with runtime.database.write() as session:
        for name, role in CLIENTS:
            service.tokens[name] = add_client(session, runtime.log, name, role, "trial")[1]
    runtime.close()
    return Trial(service, store, seed, alone)
