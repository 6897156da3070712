"""One purpose in plain words, as the Privacy Centre tells it to anybody and asks customers about it."""

from dataclasses import dataclass

from privacy_svc.policy import Notice, PolicySet, Purpose
from privacy_svc.web import texts


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose in plain words."""

    key: str
    title: str
    description: str
    basis: str
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    kept: str
    notice: Notice | None


def use_of(policies: PolicySet, purpose: Purpose, language: str) -> Use:
    named = policies.organisation.recipients
    return Use(
        key=purpose.key,
        title=purpose.title.get(language, purpose.key),
        description=purpose.description.get(language, ""),
        basis=texts.text(language, f"basis.{purpose.legal_basis}"),
        categories=tuple(dict.fromkeys(texts.category(language, c) for c in purpose.categories)),
        recipients=tuple(f"{named[r].name} ({named[r].country})" for r in purpose.recipients),
        kept=_kept(purpose, language),
        notice=newest_notice(policies, purpose.consent.notice, language) if purpose.consent else None,
    )


def _kept(purpose: Purpose, language: str) -> str:
    if purpose.retention is None:
        return texts.text(language, "kept.unsaid")
    period = texts.period(language, purpose.retention)
    return texts.text(language, "kept.for", period=period) if period else texts.text(language, "kept.end")


def newest_notice(policies: PolicySet, notice_id: str, language: str) -> Notice | None:
    """In the person's language, else in the first of the organisation's that has it."""
    version = policies.notice_versions.get(notice_id, 0)
    found = (policies.notices.get((notice_id, version, each)) for each in (language, *policies.organisation.languages))
    return next((notice for notice in found if notice is not None), None)
