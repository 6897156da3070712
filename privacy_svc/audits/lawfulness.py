"""What is wrong with a use of somebody's data, judged anew from what was recorded. Pure.

It is written beside `policy.decide`, not with it: an audit that asks the code under audit finds none of its faults.
"""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from privacy_svc.audits.uses import Use
from privacy_svc.policy import (
    DIRECT_MARKETING,
    PROFILING,
    LegalBasis,
    PolicySet,
    Purpose,
    SpecialCondition,
    last_passed,
    special_within,
    within,
)
from privacy_svc.policy import special_article as article_of


class Wrong(enum.StrEnum):
    UNKNOWN_PURPOSE = "unknown_purpose"
    NOT_GRANTED = "not_granted"
    NO_CONSENT = "no_consent"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OBJECTED = "objected"
    RESTRICTED = "restricted"
    SPECIAL = "special"
    CRIMINAL = "criminal"
    NOT_COVERED = "not_covered"
    OTHER_KIND = "other_kind"
    OVER = "over"
    UNPROVEN = "unproven"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a person said about one purpose; `at` is when we knew. In the order of the time it is about."""

    purpose: str
    state: str
    explicit: bool
    given_at: datetime
    valid_until: datetime | None
    at: datetime
    imported: bool = False
    notice: str = ""
    notice_version: int = 0


@dataclass(frozen=True, slots=True)
class Stands:
    """An objection to a purpose, or a restriction (`purpose` is empty), raised or ended."""

    purpose: str
    stands: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """Everything a person ever said, each list in its own order; what they are, and the local day on which it ended
    with them, as the store says now."""

    consents: Sequence[Said] = ()
    objections: Sequence[Stands] = ()
    restrictions: Sequence[Stands] = ()
    kind: str = ""
    ended_on: date | None = None


def wrongs(use: Use, policies: PolicySet, history: History, at: datetime) -> Iterator[Wrong]:
    """`policies`: those of the use. `at`: the instant whose knowledge counts."""
    purpose = policies.purposes.get(use.purpose or "")
    if purpose is None:
        yield Wrong.UNKNOWN_PURPOSE
        return
    module = policies.modules.get(use.module or "")
    if module is None or purpose.key not in module.purposes:
        yield Wrong.NOT_GRANTED
    if not use.of_many:
        yield from _against(purpose, policies, history, at)
    if not _is_covered(use, policies, purpose):
        yield Wrong.NOT_COVERED
    yield from _special(use, policies, purpose, history, at)


def _against(purpose: Purpose, policies: PolicySet, history: History, at: datetime) -> Iterator[Wrong]:
    """What its person had said, and is."""
    if purpose.legal_basis is LegalBasis.CONSENT:
        yield from _consent(purpose, history, at)
    if history.kind and history.kind not in purpose.subjects:
        yield Wrong.OTHER_KIND
    if history.ended_on is not None and purpose.retention is not None:
        day = at.astimezone(ZoneInfo(policies.organisation.time_zone)).date()
        if history.ended_on <= last_passed(day, purpose.retention):
            yield Wrong.OVER
    if _objected(purpose, history, at):
        yield Wrong.OBJECTED
    if _restricted(purpose, history, at):
        yield Wrong.RESTRICTED


def _latest(purpose: Purpose, history: History, at: datetime) -> Said | None:
    return next((s for s in reversed(history.consents) if s.purpose == purpose.key and s.at <= at), None)


def _consent(purpose: Purpose, history: History, at: datetime) -> Iterator[Wrong]:
    said = _latest(purpose, history, at)
    if said is not None and said.state == "withdrawn":
        yield Wrong.WITHDRAWN
    elif said is None or said.state != "given":
        yield Wrong.NO_CONSENT
    elif said.valid_until is not None and said.valid_until <= at:
        yield Wrong.EXPIRED
    else:
        yield from _unfit(purpose, said)


def _unfit(purpose: Purpose, said: Said) -> Iterator[Wrong]:
    """Given, and not for this: nobody can show how (Art. 7(1)), or to a text that says less than is done now."""
    rule = purpose.consent
    if rule is None:
        return
    if said.imported and not rule.accept_imported:
        yield Wrong.UNPROVEN
    if said.imported and not said.notice:
        is_outdated = rule.covered_since > 1
    else:
        is_outdated = said.notice != rule.notice or said.notice_version < rule.covered_since
    if is_outdated:
        yield Wrong.OUTDATED


def _objected(purpose: Purpose, history: History, at: datetime) -> bool:
    """Art. 21(1) reaches interests and public tasks, 21(2) direct marketing on any basis."""
    standing = {o.purpose: o.stands for o in history.objections if o.at <= at}
    against = [p for p, stands in standing.items() if stands]
    if purpose.direct_marketing and DIRECT_MARKETING in against:
        return True
    if not purpose.direct_marketing and purpose.legal_basis not in _OBJECTIONABLE:
        return False
    return (purpose.profiling and PROFILING in against) or within(purpose.key, against)


_OBJECTIONABLE = (LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.PUBLIC_TASK)


def _restricted(purpose: Purpose, history: History, at: datetime) -> bool:
    """Art. 18(2): storage, what the policy names, and what the person agreed to meanwhile go on."""
    last = next((r for r in reversed(history.restrictions) if r.at <= at), None)
    if last is None or not last.stands or purpose.storage_only or purpose.despite_restriction:
        return False
    said = _latest(purpose, history, at)
    agreed = said is not None and said.state == "given" and said.explicit and said.given_at >= last.at
    return not agreed


def _categories(use: Use, policies: PolicySet, purpose: Purpose) -> set[str]:
    """Of the fields that were given out."""
    names = {n: f for kind in purpose.subjects for n, f in policies.field_names(kind).items()}
    return {c for f in use.fields if f in names for c in names[f][1].categories}


def _is_covered(use: Use, policies: PolicySet, purpose: Purpose) -> bool:
    """Art. 5(1)(c): nothing personal but of the purpose's categories. Special ones of a purpose without a condition are
    wrong as such."""
    personal = [c for c in _categories(use, policies, purpose) if within(c, ("user",))]
    return all(_is_needed(purpose, c) for c in personal if purpose.special_condition or not special_within(c))


def _is_needed(purpose: Purpose, category: str) -> bool:
    return purpose.covers(category) and not purpose.prohibited_beneath(category)


def _special(use: Use, policies: PolicySet, purpose: Purpose, history: History, at: datetime) -> Iterator[Wrong]:
    articles = {article_of(s) for c in _categories(use, policies, purpose) for s in special_within(c)}
    if "GDPR 9(1)" in articles and purpose.special_condition is None:
        yield Wrong.SPECIAL
    if "GDPR 9(1)" in articles and purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT and not use.of_many:
        yield from _explicit(purpose, history, at)
    if "GDPR 10" in articles and purpose.special_condition is not SpecialCondition.AUTHORISED_BY_LAW:
        yield Wrong.CRIMINAL


def _explicit(purpose: Purpose, history: History, at: datetime) -> Iterator[Wrong]:
    """Art. 9(2)(a), whatever the rest of the purpose rests on."""
    lacking = list(_consent(purpose, history, at))
    yield from lacking
    said = _latest(purpose, history, at)
    if not lacking and said is not None and not said.explicit:
        yield Wrong.SPECIAL
