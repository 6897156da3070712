"""decide() against the cheapest thing that could answer: a look into a dictionary."""

from benchmarks.measuring import rates, show
from privacy_svc.db import now
from privacy_svc.examples import folder
from privacy_svc.policy import ConsentFact, SubjectState, decide, load_policies


def run() -> None:
    policies = load_policies(folder("policies"))
    at = now()
    consent = ConsentFact("given", "newsletter", 2, None)
    state = SubjectState("s", "customer", 1, False, False, frozenset(), {"marketing.email": consent}, 39, None)
    fields = ("email", "first_name", "last_name", "language", "phone", "city", "birth_date", "street")
    allowed = {("marketing", "marketing.email"): True}
    found = rates(
        {
            "one dictionary look-up": lambda: allowed[("marketing", "marketing.email")],
            "decide, purpose only": lambda: decide(policies, "marketing", "marketing.email", (), state, at),
            "decide, 8 fields": lambda: decide(policies, "marketing", "marketing.email", fields, state, at),
        }
    )
    show("Decision", "one dictionary look-up", found, {})
    print(f"  one decision over 8 fields takes {1e6 / found['decide, 8 fields']:.1f} µs (target ≤ 5 µs)")
