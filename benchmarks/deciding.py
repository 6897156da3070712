"""decide() beside what else could answer: a look into a dictionary, Cedar's engine and casbin, all parsed before."""

import time
from collections.abc import Callable, Sequence

import casbin
from cedarpy import is_authorized

from benchmarks.measuring import rates, show
from privacy_svc.db import now
from privacy_svc.examples import folder
from privacy_svc.policy import ConsentFact, PolicySet, SubjectState, decide, load_policies
from tests.policy.cedar import Cedar

MODULE, PURPOSE = "marketing", "marketing.email"
FIELDS = ("email", "first_name", "last_name", "language", "phone", "city", "birth_date", "street")
CALLS, BATCH = 20_000, 20
CASBIN = """
[request_definition]
r = module, purpose, field, consent
[policy_definition]
p = module, purpose, field
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.module == p.module && r.purpose == p.purpose && r.field == p.field && r.consent == "given"
"""


def run() -> None:
    policies = load_policies(folder("policies"))
    at = now()
    consent = ConsentFact("given", "newsletter", 2, None)
    state = SubjectState("s", "customer", 1, False, False, frozenset(), {PURPOSE: consent}, 21, None, None)
    allowed = {(MODULE, PURPOSE): True}
    cedar, enforcer = Cedar(policies, ["customer"]), _casbin(policies, state)
    request = cedar.request(MODULE, PURPOSE, "email", state, at)
    found = rates(
        {
            "one dictionary look-up": lambda: allowed[MODULE, PURPOSE],
            "decide, purpose only": lambda: decide(policies, MODULE, PURPOSE, (), state, at),
            "decide, 1 field": lambda: decide(policies, MODULE, PURPOSE, ("email",), state, at),
            "decide, 8 fields": lambda: decide(policies, MODULE, PURPOSE, FIELDS, state, at),
            "cedarpy, 1 field": lambda: is_authorized(request, cedar.compiled, cedar.entities, cedar.schema),
            "casbin, 1 field": lambda: enforcer.enforce(MODULE, PURPOSE, "email", "given"),
        }
    )
    show("Decision", "one dictionary look-up", found, {})
    eight = 1e6 / found["decide, 8 fields"]
    p99, cpu, loop = _p99(lambda: decide(policies, MODULE, PURPOSE, FIELDS, state, at), eight)
    print(f"  8 fields: {eight:.1f} µs, p99 {p99:.1f} µs  target 5 µs  {_met(p99 <= 5)}")
    print(f"    an empty loop as long, in turns with it: p99 {loop:.1f} µs")
    print(f"    CPU time of {BATCH} calls at a time: p99 {cpu:.1f} µs each")
    for peer in ("cedarpy", "casbin"):
        times = found["decide, 1 field"] / found[f"{peer}, 1 field"]
        print(f"  {times:5.0f} times {peer}  target 20  {_met(times >= 20)}")


def _casbin(policies: PolicySet, state: SubjectState) -> casbin.Enforcer:
    """Only grants of fields and one flag: far less than the decision looks at."""
    model = casbin.Model()
    model.load_model_from_text(CASBIN)
    enforcer = casbin.Enforcer(model)
    names = policies.field_names(state.kind)
    for module in policies.modules.values():
        for purpose in module.purposes:
            covers = policies.purposes[purpose].covers
            fields = [n for n, (_, f) in names.items() if "." not in n and all(map(covers, f.categories))]
            enforcer.add_policies([[module.key, purpose, field] for field in fields])
    return enforcer


def _p99(call: Callable[[], object], microseconds: float) -> tuple[float, float, float]:
    """Microseconds: of one call, of its CPU time where some are timed together, and of one empty loop that takes as
    long as a call does on average: what of the first is the machine's and not the call's."""
    loop = _loop(microseconds)
    calls, loops, cpu = [], [], []
    for _ in range(CALLS // BATCH):
        for taken, run in ((calls, call), (loops, loop)):
            for _ in range(BATCH):
                begun = time.perf_counter_ns()
                run()
                taken.append(time.perf_counter_ns() - begun)
        begun = time.thread_time_ns()
        for _ in range(BATCH):
            call()
        cpu.append((time.thread_time_ns() - begun) / BATCH)
    return _percentile(calls), _percentile(cpu), _percentile(loops)


def _loop(microseconds: float) -> Callable[[], object]:
    def run(turns: int) -> None:
        for _ in range(turns):
            pass

    turns = int(100 * microseconds * rates({"loop": lambda: run(100)})["loop"] / 1e6)
    return lambda: run(turns)


def _percentile(nanoseconds: Sequence[float]) -> float:
    return sorted(nanoseconds)[len(nanoseconds) * 99 // 100] / 1000


def _met(yes: bool) -> str:
    return "met" if yes else "MISSED"
