"""The whole service under a mixed load: one on SQLite, one on PostgreSQL with two web processes and two workers, one of
which is killed in the middle.

    python -m benchmarks loading              20 seconds on each
    python -m benchmarks loading 600          ten minutes

Times as a caller has them, by kind of call; errors; memory of all processes over time. Afterwards everything that was
acknowledged is looked for, and the log is verified. Then more callers than one token may be, and more than there are
processes for.
"""

import secrets
import statistics
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.stores import DIALECTS, with_shop
from tests.faults.checking import check
from tests.faults.client import Caller, Officer
from tests.faults.trial import CUSTOMERS, Trial, found

SECONDS = 20.0
CALLERS, MANY = 6, 64
SAMPLE_SECONDS = 1.0
P99_MS, GROWTH = 250.0, 1.1
"""Targets: of any kind of call; of memory, from a fifth of the time to the end."""
READY_SECONDS, IDLE_MB = 2.0, 150.0
TOKEN_LIMIT = 3_000
HEALTH_MS = 1_000.0
Times = dict[str, list[float]]


def run(seconds: str = str(SECONDS)) -> None:
    for dialect in DIALECTS:
        with tempfile.TemporaryDirectory() as name, _service(dialect, Path(name)) as trial:
            _measure(dialect, trial, float(seconds))
            _overload(trial)


@contextmanager
def _service(dialect: str, folder: Path) -> Iterator[Trial]:
    home = folder / "store"
    home.mkdir()
    with ExitStack() as stack:
        ours, store = stack.enter_context(with_shop(dialect, home, CUSTOMERS))
        trial = found(folder, store, ours if dialect == "PostgreSQL" else "", secrets.randbits(32), {})
        stack.callback(trial.service.end)
        begun = time.perf_counter()
        trial.service.start()
        trial.service.ready()
        taken, idle = time.perf_counter() - begun, max(map(_pss, trial.service.children(0)))
        print(f"\nMixed load, {dialect}, seed {trial.seed}")
        print(f"  ready after {taken:.1f} s   target {READY_SECONDS:.0f}  {_verdict(taken <= READY_SECONDS)}")
        print(f"  idle memory of a process {idle:.0f} MB   target {IDLE_MB:.0f}  {_verdict(idle <= IDLE_MB)}")
        yield trial


@dataclass
class Timed(Caller):
    """Notes how long each call took; milliseconds."""

    times: Times = field(default_factory=lambda: defaultdict(list))

    def run(self) -> None:
        with self.http:
            while not self.end.is_set():
                what = self.chance.choices(*self.mix)[0]
                begun = time.perf_counter()
                what(self.chance.choice(self.keys))
                self.times[what.__name__].append(1000 * (time.perf_counter() - begun))


def _measure(dialect: str, trial: Trial, seconds: float) -> None:
    end, free = threading.Event(), [str(n) for n in range(1, CUSTOMERS - len(trial.erasable) + 1)]
    callers = [Timed(trial.service, trial.record, trial.chance(), free[n::CALLERS], end) for n in range(CALLERS)]
    officer = Officer(trial.service, trial.record, trial.chance(), trial.erasable, end)
    with ThreadPoolExecutor(CALLERS + 1) as pool:
        running = [pool.submit(c.run) for c in (*callers, officer)]
        memory = _watch(trial, seconds, kill=dialect == "PostgreSQL")
        end.set()
        for one in running:
            one.result()
    _show(callers, seconds, memory, trial)
    begun = time.perf_counter()
    check(trial)
    print(f"  {trial.record.told()}: all of it found, log verified, in {time.perf_counter() - begun:.1f} s")


def _watch(trial: Trial, seconds: float, *, kill: bool) -> list[float]:
    """Megabytes of all processes, sample by sample; in the middle a worker is killed and started again."""
    memory, begun = [], time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        if kill and passed > seconds / 2:
            kill = False
            trial.service.kill(2)
            trial.service.start()
        memory.append(_megabytes(trial))
        time.sleep(SAMPLE_SECONDS)
    return memory


def _megabytes(trial: Trial) -> float:
    commands = enumerate(trial.service.running)
    return sum(_pss(pid) for number, command in commands for pid in (command.pid, *trial.service.children(number)))


def _pss(pid: int) -> float:
    """Megabytes that are a process's own, and its share of what it shares; 0 of one that has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (OSError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0) / 1024


def _show(callers: list[Timed], seconds: float, memory: list[float], trial: Trial) -> None:
    by_kind: Times = defaultdict(list)
    for caller in callers:
        for what, times in caller.times.items():
            by_kind[what] += times
    for what, times in sorted(by_kind.items()):
        p50, p95, p99 = (_percentile(times, share) for share in (50, 95, 99))
        verdict = f"target p99 {P99_MS:.0f} ms  {_verdict(p99 <= P99_MS)}"
        print(
            f"  {what:9} {len(times) / seconds:7.1f}/s  p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:7.1f} ms   {verdict}"
        )
    print(f"  errors {len(trial.record.wrong)}, calls sent again {trial.record.unanswered} (target 0 errors)")
    early, late = memory[len(memory) // 5], statistics.median(memory[-3:])
    print(
        f"  memory of all processes {early:.0f} MB after a fifth, {max(memory):.0f} at most, {late:.0f} MB at the end"
        f"   target flat within a tenth  {_verdict(late <= GROWTH * early)}"
    )


def _overload(trial: Trial) -> None:
    """One token beyond its limit, and many callers at once, while the health is asked for."""
    trial.service.end()
    trial.service.more["PRIVACY_TOKEN_LIMIT"] = str(TOKEN_LIMIT)
    trial.service.start()
    trial.service.ready()
    end, health = threading.Event(), list[float]()
    watcher = threading.Thread(target=_ask_health, args=(trial, end, health))
    watcher.start()
    with ThreadPoolExecutor(MANY) as pool:
        answers = [a for some in pool.map(lambda _: _hammer(trial, 2 * TOKEN_LIMIT // MANY), range(MANY)) for a in some]
    end.set()
    watcher.join()
    statuses = Counter(status for status, _, _ in answers)
    refused = [ms for status, ms, _ in answers if status in {429, 503}]
    told = all(again for status, _, again in answers if status in {429, 503})
    print(f"  {MANY} callers beyond a token's limit: {dict(sorted(statuses.items()))}; each says until when: {told}")
    if refused:
        p50 = _percentile(refused, 50)
        print(f"    a refusal p50 {p50:.0f} ms, p99 {_percentile(refused, 99):.0f} ms, with the wait for {MANY} others")
    worst = max(health)
    verdict = f"target {HEALTH_MS:.0f}  {_verdict(worst <= HEALTH_MS)}"
    print(f"    health: {len(health)} answers, slowest {worst:.0f} ms   {verdict}")


def _hammer(trial: Trial, calls: int) -> list[tuple[int, float, bool]]:
    headers = {"Authorization": f"Bearer {trial.service.tokens['support']}"}
    found = []
    with httpx.Client(base_url=trial.service.url, headers=headers, timeout=60) as http:
        for n in range(calls):
            begun = time.perf_counter()
            path = f"/v1/records/shop/customers/{n % 10 + 1}"
            answer = http.get(path, params={"purpose": "service.support", "fields": "city"})
            taken = 1000 * (time.perf_counter() - begun)
            found.append((answer.status_code, taken, "retry-after" in answer.headers))
    return found


def _ask_health(trial: Trial, end: threading.Event, found: list[float]) -> None:
    with httpx.Client(base_url=trial.service.url, timeout=60) as http:
        while not end.is_set():
            begun = time.perf_counter()
            answer = http.get("/health/live")
            assert answer.status_code == 200, answer.text
            found.append(1000 * (time.perf_counter() - begun))
            time.sleep(0.1)


def _percentile(times: list[float], share: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * share // 100)]


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"
