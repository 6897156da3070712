"""Every state of a person that two policies could tell apart for one purpose, as few as that takes. Pure.

Complete in what a decision reads: kind, restriction, objections, the consent and its text, the ages and the ends of
retention at which either policy changes its mind. Erasure denies whatever else is true, so it stands alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product

from privacy_svc.policy.consentages import AGES
from privacy_svc.policy.decide import is_objectionable
from privacy_svc.policy.durations import add_duration, surely_before
from privacy_svc.policy.policyset import PolicySet, Purpose, SpecialCondition
from privacy_svc.policy.subjectstate import DIRECT_MARKETING, PROFILING, ConsentFact, SubjectState

_DAY = timedelta(days=1)
ELSEWHERE = "US"
"""A country that is in no table of ages."""


def states(policies: Sequence[PolicySet], purpose: str, at: datetime) -> Iterator[SubjectState]:
    """Of the kinds of person that the purpose concerns in any of the policies."""
    known = [p.purposes[purpose] for p in policies if purpose in p.purposes]
    kinds = sorted({kind for p in known for kind in p.subjects})
    objections = _objections(purpose, known)
    consents, aged, ends = _consents(policies, known), _aged(policies, purpose), _ends(known, at)
    for kind in kinds:
        plain = _nobody(kind)
        yield replace(plain, erased=True)
        for restricted, objected, consent, (age, country), end in product(
            (False, True), objections, consents, aged, ends
        ):
            given = {purpose: consent} if consent else {}
            yield replace(
                plain,
                restricted=restricted,
                objections=objected,
                consents=given,
                age=age,
                country=country,
                retention_anchor=end,
            )


def _nobody(kind: str) -> SubjectState:
    return SubjectState(
        subject_id="",
        kind=kind,
        version=0,
        erased=False,
        restricted=False,
        objections=frozenset(),
        consents={},
        age=None,
        country=None,
        retention_anchor=None,
    )


def _objections(purpose: str, known: Sequence[Purpose]) -> list[frozenset[str]]:
    one = [frozenset({purpose})] if any(map(is_objectionable, known)) else []
    all_marketing = [frozenset({DIRECT_MARKETING})] if any(p.direct_marketing for p in known) else []
    all_profiling = [frozenset({PROFILING})] if any(p.profiling and is_objectionable(p) for p in known) else []
    return [frozenset(), *one, *all_marketing, *all_profiling]


def _consents(policies: Sequence[PolicySet], known: Sequence[Purpose]) -> list[ConsentFact | None]:
    notices = sorted({p.consent.notice for p in known if p.consent})
    if not notices:
        return [None]
    newest = {n: max(p.notice_versions.get(n, 0) for p in policies) for n in notices}
    texts = [(n, v) for n in notices for v in range(1, newest[n] + 1)]
    gone = [ConsentFact(state, *texts[0], None) for state in ("refused", "withdrawn", "expired", "requested")]
    both = (False, True)
    hows = [(True, True)] if any(p.special_condition is SpecialCondition.EXPLICIT_CONSENT for p in known) else []
    given = [
        ConsentFact("given", *text, None, guardian=guardian, proven=proven, explicit=explicit)
        for text, guardian, (proven, explicit) in product(texts, both, [(False, False), (True, False), *hows])
    ]
    given += [ConsentFact("given", *text, None, explicit=True, since_restriction=True) for text in texts]
    untold = [ConsentFact("given", "", 0, None, guardian=guardian, proven=False) for guardian in both]
    return [None, *gone, *given, *untold]


def _aged(policies: Sequence[PolicySet], purpose: str) -> list[tuple[int | None, str | None]]:
    """Around every limit; of countries, one for each way in which the policies treat them."""
    asked = [(p, p.purposes[purpose]) for p in policies if purpose in p.purposes]
    named = {c for p, q in asked if q.age_by_country for c in (*AGES, *p.organisation.consent_ages, ELSEWHERE)}
    alike: dict[tuple[int | None, ...], str | None] = {}
    for country in (None, *sorted(named)):
        alike.setdefault(tuple(p.consent_age(q, country) for p, q in asked), country)
    found: list[tuple[int | None, str | None]] = [(None, None)]
    for limits, country in alike.items():
        found += [(age, country) for age in sorted({a for n in limits if n is not None for a in (n - 1, n)})]
    return found


def _ends(known: Sequence[Purpose], at: datetime) -> list[datetime | None]:
    """The relationship lasts; or it ended on the last day whose retention has passed, or on the day after."""
    last = [_last_passed(at, p.retention) for p in known if p.retention is not None]
    return [None, *sorted({end for day in last for end in (day, day + _DAY)})]


@lru_cache(maxsize=256)
def _last_passed(at: datetime, retention: str) -> datetime:
    day = surely_before(at, retention)
    while add_duration(day + _DAY, retention) <= at:
        day += _DAY
    return day


def told(state: SubjectState, purpose: str) -> str:
    """The state in a few words, for a reader of a difference."""
    consent = state.consents.get(purpose)
    words = [
        state.kind,
        "erased" if state.erased else "",
        "restricted" if state.restricted else "",
        f"objects to {', '.join(sorted(state.objections))}" if state.objections else "",
        _consent_told(consent) if consent else "",
        f"aged {state.age}" if state.age is not None else "",
        f"of {state.country}" if state.country else "",
        f"left on {state.retention_anchor:%Y-%m-%d}" if state.retention_anchor else "",
    ]
    return ", ".join(filter(None, words))


def _consent_told(consent: ConsentFact) -> str:
    text = f" to {consent.notice} {consent.notice_version}" if consent.notice else " to no known text"
    guardian = ", by a guardian" if consent.guardian else ""
    how = ", explicit" if consent.explicit else ("" if consent.proven else ", unproven")
    since = " since the restriction" if consent.since_restriction else ""
    return f"consent {consent.state}{text}{guardian}{how}{since}"
