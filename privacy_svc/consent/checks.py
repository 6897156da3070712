"""Is what a caller wants recorded a consent at all? Every fault is found and named by its JSON pointer. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from privacy_svc import errors
from privacy_svc.consent.contradicting import contradictions
from privacy_svc.consent.rowformat import PROOF_LIMIT, proof_size
from privacy_svc.consent.schemas import RecordConsent
from privacy_svc.consent.states import Method
from privacy_svc.db import CLOCK_SKEW, EARLIEST
from privacy_svc.errors import Fault, InvalidBody
from privacy_svc.policy import (
    DIRECT_MARKETING,
    PROFILING,
    LegalBasis,
    PolicySet,
    Purpose,
    SpecialCondition,
    add_duration,
    is_objectionable,
)

MOST_CONTRADICTIONS = 20
"""Faults told of one evidence."""


def check(policies: PolicySet, wanted: RecordConsent, at: datetime) -> Purpose:
    """The purpose. Raises InvalidBody with every fault."""
    faults = [*_purpose(policies, wanted), *_notice(policies, wanted), *_method(policies, wanted), *_times(wanted, at)]
    faults += _proof(wanted)
    purpose = policies.purposes.get(wanted.purpose)
    if purpose is not None and not faults:
        faults += _expiry(purpose, wanted, at)
    if purpose is None or faults:
        raise InvalidBody("This cannot be recorded as a consent.", faults=faults)
    return purpose


def may_record(policies: PolicySet, module: str, wanted: RecordConsent) -> bool:
    """Only a yes needs the right that modules.yml gives: a no is taken wherever it is said (Art. 7(3))."""
    purpose = policies.purposes.get(wanted.purpose)
    if wanted.state != "given" or purpose is None or purpose.consent is None:  # `check` says what is wrong with these
        return True
    registered = policies.modules.get(module)
    return registered is not None and purpose.key in registered.records


def readable(policies: PolicySet, module: str) -> frozenset[str]:
    """Purposes whose consents a module may see: what it uses or records, and nothing of what else people chose."""
    registered = policies.modules.get(module)
    return registered.purposes | registered.records if registered else frozenset()


def _purpose(policies: PolicySet, wanted: RecordConsent) -> Iterator[Fault]:
    purpose = policies.purposes.get(wanted.purpose)
    if purpose is None:
        yield Fault("/purpose", f"unknown purpose{nearest(wanted.purpose, consentable(policies))}")
    elif purpose.consent is None:
        yield Fault("/purpose", f"rests on {purpose.legal_basis}, not on consent (Art. 6(1)): there is none to record")


def _notice(policies: PolicySet, wanted: RecordConsent) -> Iterator[Fault]:
    """The text must be one of ours and speak of the purpose; only a withdrawal needs none (Art. 7(3))."""
    ref = wanted.notice
    if ref is None:
        if wanted.state != "withdrawn":
            yield Fault("/notice", "missing: name the text the person was shown (Art. 7(1))")
        return
    versions = {v for i, v, _ in policies.notices if i == ref.id}
    languages = {n for i, v, n in policies.notices if (i, v) == (ref.id, ref.version)}
    if not versions:
        yield Fault("/notice/id", f"unknown notice{nearest(ref.id, {i for i, _, _ in policies.notices})}")
    elif ref.version not in versions:
        yield Fault("/notice/version", f"unknown version; {ref.id} has {_list(sorted(versions))}")
    elif ref.language not in languages:
        yield Fault("/notice/language", f"unknown language; {ref.id} {ref.version} has {_list(sorted(languages))}")
    elif wanted.purpose in consentable(policies):
        named = policies.notices[ref.id, ref.version, ref.language].purposes
        if wanted.purpose not in named:
            yield Fault("/notice/id", f"this notice does not name the purpose; it names {_list(named)}")


def consentable(policies: PolicySet) -> frozenset[str]:
    """The purposes that consents can be recorded for."""
    return frozenset(key for key, purpose in policies.purposes.items() if purpose.consent is not None)


def _method(policies: PolicySet, wanted: RecordConsent) -> Iterator[Fault]:
    """Silence, a ticked box and going on browsing are no consent (Art. 4(11), recital 32), whatever they are called."""
    if wanted.source.method not in set(Method):
        yield Fault("/source/method", f"consent is {_list(sorted(Method))}; anything less is none (Art. 4(11))")
        return
    purpose = policies.purposes.get(wanted.purpose)
    explicit = purpose is not None and purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT
    if wanted.state != "given":
        return
    if explicit and wanted.source.method != Method.EXPLICIT:
        yield Fault("/source/method", "special categories need explicit consent (Art. 9(2)(a))")
    for name in ("channel", "reference", "evidence"):
        for place, why in islice(contradictions(getattr(wanted.source, name)), MOST_CONTRADICTIONS):
            yield Fault(f"/source/{name}{place}", why)


def _proof(wanted: RecordConsent) -> Iterator[Fault]:
    """No more than an export can write and an import read again."""
    source = wanted.source
    if proof_size(source.reference, source.evidence, wanted.guardian) > PROOF_LIMIT:
        yield Fault("/source/evidence", f"with reference and guardian, longer than {PROOF_LIMIT:,} bytes of CSV")


def _times(wanted: RecordConsent, at: datetime) -> Iterator[Fault]:
    if wanted.given_at is not None and wanted.given_at > at + CLOCK_SKEW:
        yield Fault("/given_at", "lies in the future; leave it out for now")
    if wanted.given_at is not None and wanted.given_at < EARLIEST:
        yield Fault("/given_at", "lies before 1970")
    if wanted.state != "given":
        for name in ("expires_at", "guardian"):
            if getattr(wanted, name) is not None:
                yield Fault(f"/{name}", "belongs to a consent that is given")


def _expiry(purpose: Purpose, wanted: RecordConsent, at: datetime) -> Iterator[Fault]:
    if wanted.expires_at is None or purpose.consent is None:
        return
    given_at = min(wanted.given_at or at, at)
    if wanted.expires_at <= given_at:
        yield Fault("/expires_at", "lies before the consent was given")
    elif wanted.expires_at > add_duration(given_at, purpose.consent.valid_for):
        yield Fault("/expires_at", f"lies beyond what the policy allows: {purpose.consent.valid_for}")


def require_open_to_objection(policies: PolicySet, purpose: str) -> None:
    """Art. 21(1) is about legitimate interests and public tasks, 21(2) about direct marketing on any basis. A group
    stands for what lies below it, `profiling` for the purposes that say they do it, `direct_marketing` for all of it,
    also of what is to come.

    Raises InvalidBody: an objection that no decision heeds would be a false promise.
    """
    if purpose == DIRECT_MARKETING:
        return
    profiled = [p for p in policies.purposes.values() if p.profiling]
    reached = profiled if purpose == PROFILING else policies.below(purpose)
    if any(map(is_objectionable, reached)):
        return
    found = policies.purposes.get(purpose)
    if not reached:
        fault = Fault("/purpose", f"unknown purpose{nearest(purpose, objectionable_names(policies))}")
    elif found is None:
        fault = Fault("/purpose", "no purpose below it rests on what Art. 21 is about")
    else:
        instead = "; withdraw the consent" if found.legal_basis is LegalBasis.CONSENT else ""
        fault = Fault("/purpose", f"rests on {found.legal_basis}, which Art. 21 leaves out{instead}")
    raise InvalidBody("There is no objection against this purpose.", faults=[fault])


def objectionable_names(policies: PolicySet) -> tuple[str, ...]:
    """Whatever an objection may name."""
    return (DIRECT_MARKETING, PROFILING, *policies.purposes, *policies.groups)


def require_purpose(policies: PolicySet, purpose: str) -> None:
    """Raises InvalidBody."""
    if purpose not in policies.purposes:
        fault = Fault("/purpose", f"unknown purpose{nearest(purpose, policies.purposes)}")
        raise InvalidBody("There is no such purpose.", faults=[fault])


def nearest(name: str, known: Iterable[str]) -> str:
    """`, did you mean …?` for a fault, or nothing."""
    near = errors.nearest(name, known)
    return f", did you mean `{near}`?" if near else ""


def _list(words: Iterable[object]) -> str:
    return ", ".join(str(w) for w in words)
