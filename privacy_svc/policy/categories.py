"""Dotted paths: data categories (fideslang) and purposes. What lies within what, and which are special. Pure."""

from collections.abc import Iterable

ARTICLE_9 = (
    "user.authorization.biometric",
    "user.biometric",
    "user.demographic.political_opinion",
    "user.demographic.race_ethnicity",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
    "user.demographic.trade_union_membership",
    "user.health_and_medical",
)
"""Special categories, Art. 9(1). fideslang has no word for trade union membership; that one is ours."""

ARTICLE_10 = ("user.criminal_history",)
"""Criminal convictions and offences."""

OWN = ("user.demographic.trade_union_membership",)
"""Our additions to fideslang's taxonomy."""

NAMING = (
    "user.account.username",
    "user.biometric",
    "user.contact.address.street",
    "user.contact.email",
    "user.contact.fax_number",
    "user.contact.phone_number",
    "user.contact.url",
    "user.content",
    "user.demographic.date_of_birth",
    "user.device.ip_address",
    "user.financial.bank_account",
    "user.financial.credit_card",
    "user.government_id",
    "user.name",
)
"""Says by itself whose a row is, as a number of our own does not once the rest of the row is gone."""


def root_of(category: str, roots: Iterable[str]) -> str | None:
    """The one of `roots` that is this category or lies above it."""
    return next((root for root in roots if category == root or category.startswith(root + ".")), None)


def within(category: str, roots: Iterable[str]) -> bool:
    return root_of(category, roots) is not None


def related(category: str, others: Iterable[str]) -> bool:
    """One of `others` is this category, above it or below it."""
    return any(within(category, (other,)) or within(other, (category,)) for other in others)


def beneath(category: str, others: Iterable[str]) -> tuple[str, ...]:
    """Those of `others` that lie below this category: what a field of it may hold, as far as the data map says."""
    return tuple(sorted(other for other in set(others) if other.startswith(category + ".")))


def and_above(path: str) -> tuple[str, ...]:
    """The path and all that it lies within: `a.b.c`, `a.b`, `a`."""
    parts = path.split(".")
    return tuple(".".join(parts[:end]) for end in range(len(parts), 0, -1))


def special_article(category: str) -> str | None:
    """The article that forbids this category unless a condition of its own allows it."""
    if within(category, ARTICLE_9):
        return "GDPR 9(1)"
    return "GDPR 10" if within(category, ARTICLE_10) else None


def special_within(category: str) -> tuple[str, ...]:
    """The special categories that a field of this one holds, or may hold (decision 22)."""
    if special_article(category):
        return (category,)
    return beneath(category, (*ARTICLE_9, *ARTICLE_10))


def is_personal(category: str) -> bool:
    return within(category, ("user",))
