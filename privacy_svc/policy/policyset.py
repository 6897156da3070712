"""The organisation's policy as one immutable value, compiled from the files in policies/."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any

from privacy_svc.policy.automated import Automated
from privacy_svc.policy.categories import and_above, beneath, root_of, within
from privacy_svc.policy.connectors import Connector
from privacy_svc.policy.consentages import consent_age
from privacy_svc.policy.controller import Organisation
from privacy_svc.policy.datamap import Collection, DataMap, Field

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class LegalBasis(enum.StrEnum):
    """Art. 6(1) GDPR."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


class SpecialCondition(enum.StrEnum):
    """Art. 9(2) GDPR, and Art. 10 for criminal convictions."""

    EXPLICIT_CONSENT = "explicit_consent"
    EMPLOYMENT_LAW = "employment_law"
    VITAL_INTERESTS = "vital_interests"
    NOT_FOR_PROFIT = "not_for_profit"
    MADE_PUBLIC = "made_public"
    LEGAL_CLAIMS = "legal_claims"
    SUBSTANTIAL_PUBLIC_INTEREST = "substantial_public_interest"
    HEALTH_CARE = "health_care"
    PUBLIC_HEALTH = "public_health"
    RESEARCH = "research"
    AUTHORISED_BY_LAW = "authorised_by_law"
    """Art. 10, and only for that."""


class Mask(enum.StrEnum):
    """How a value is shown when it may be shown only in part."""

    LAST4 = "last4"
    YEAR = "year"
    DOMAIN = "domain"
    INITIALS = "initials"
    HASH = "hash"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person was shown. `digest` is sha256 of the Markdown text as shown."""

    id: str
    version: int
    language: str
    title: str
    text: str
    digest: str
    purposes: tuple[str, ...]


CONFIRM_HOURS = 48
ASK_AGAIN = "P6M"


@dataclass(frozen=True, slots=True)
class ConsentRule:
    notice: str
    valid_for: str
    """ISO 8601 duration, e.g. `P24M`."""
    covered_since: int = 1
    """First notice version whose consents cover the purpose as it is now."""
    double_opt_in: bool = False
    """A consent counts only once it was confirmed by a link sent to the person's e-mail address."""
    confirm_hours: int = CONFIRM_HOURS
    """How long that link works."""
    accept_imported: bool = False
    """Whether a consent counts that came from an old table without proof of what was shown, or of how it was given."""
    guardian_lasts: bool = False
    """A guardian's consent goes on when the child has come of age, until the person says otherwise (decision 12)."""
    inherits: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """What is new to the purpose and was agreed to all the same, each with the reason (decision 23)."""
    ask_again: str = ASK_AGAIN
    """ISO 8601 duration for which who refused or withdrew is not asked again."""


@dataclass(frozen=True, slots=True)
class Group:
    """A branch of the tree of purposes. What is prohibited, granted or objected to here is so for every purpose whose
    key begins with this one and a dot. Consent is not: it is asked for each purpose (Art. 6(1)(a), recital 43)."""

    key: str
    title: Mapping[str, str]
    prohibited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose may lie below a group or another purpose: `marketing.email` below `marketing`."""

    key: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    legal_basis: LegalBasis
    use: str
    dpv: str
    subjects: frozenset[str]
    categories: tuple[str, ...]
    prohibited: tuple[str, ...] = ()
    prohibited_above: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Categories that what lies above it prohibits, with the key of who says so."""
    masks: Mapping[str, Mask] = field(default_factory=lambda: _NOTHING)
    direct_marketing: bool = False
    storage_only: bool = False
    despite_restriction: bool = False
    """Goes on while the person has processing restricted: storage, their own request, legal claims (Art. 18(2))."""
    required_for_service: bool = False
    special_condition: SpecialCondition | None = None
    consent: ConsentRule | None = None
    """For the legal basis consent; with another basis only for special categories by explicit consent."""
    retention: str | None = None
    """ISO 8601 duration after the relationship's end."""
    recipients: tuple[str, ...] = ()
    assessment: str | None = None
    """Reference of the balancing test (Art. 6(1)(f)) or the compatibility assessment."""
    assessment_reviewed: date | None = None
    impact_assessment: str | None = None
    """Reference of the data protection impact assessment (Art. 35), where one was made."""
    impact_assessment_reviewed: date | None = None
    large_scale: bool | None = None
    """Screening for that assessment: of very many people, data or places (WP 248). None: nobody has answered."""
    new_technology: bool | None = None
    """The same: an innovative use of technology."""
    minimum_age: int | None = None
    """Below it a consent needs the holder of parental responsibility (Art. 8)."""
    age_by_country: bool = False
    """That age is the one of the person's country."""
    unknown_age_permits: bool = False
    honours_gpc: bool = False
    """Global Privacy Control, the browser's `Sec-GPC: 1`, ends it."""
    profiling: bool = False
    """Personal aspects are evaluated or predicted (Art. 4(4)): who objects to profiling objects to it."""
    automated: Automated | None = None
    """It decides about people by automated means alone (Art. 22)."""

    @property
    def asks_age(self) -> bool:
        return self.age_by_country or self.minimum_age is not None

    def covers(self, category: str) -> bool:
        return within(category, self.categories) and self.prohibited_by(category) is None

    def prohibited_by(self, category: str) -> str | None:
        """The purpose or group that prohibits this category; None where it may be asked for."""
        if within(category, self.prohibited):
            return self.key
        above = root_of(category, self.prohibited_above)
        return self.prohibited_above[above] if above else None

    def prohibited_beneath(self, category: str) -> tuple[tuple[str, str], ...]:
        """What a field of this category may hold and is prohibited, each with who prohibits it (decision 22)."""
        who = {**self.prohibited_above, **dict.fromkeys(self.prohibited, self.key)}
        return tuple((found, who[found]) for found in beneath(category, who))

    def masks_of(self, category: str) -> Mapping[str, Mask]:
        """By which a field of this category is shown: the mask of the nearest category that has one, and those of what
        it may hold (decision 22)."""
        nearest = next((above for above in and_above(category) if above in self.masks), None)
        reached = (*((nearest,) if nearest else ()), *beneath(category, self.masks))
        return {found: self.masks[found] for found in reached}


@dataclass(frozen=True, slots=True)
class Module:
    key: str
    title: str
    purposes: frozenset[str]
    """Those it may work for."""
    records: frozenset[str]
    """Those for which it may record that somebody consented."""


@dataclass(frozen=True, eq=False)
class PolicySet:
    """Everything the files say. `version` is `sha256:` over their contents."""

    version: str
    organisation: Organisation
    purposes: Mapping[str, Purpose]
    modules: Mapping[str, Module]
    notices: Mapping[tuple[str, int, str], Notice]
    data_map: DataMap
    groups: Mapping[str, Group] = field(default_factory=lambda: _NOTHING)
    connectors: Mapping[str, Connector] = field(default_factory=lambda: _NOTHING)
    """Other systems that are asked in the course of a request."""
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files it was compiled from, by path within the folder: what a past decision's version meant."""

    def below(self, key: str) -> list[Purpose]:
        """The purpose of this key and all that lie below it; none for a key that is no purpose's and no group's."""
        known = key in self.groups or key in self.purposes
        return [p for p in self.purposes.values() if within(p.key, (key,))] if known else []

    @cached_property
    def notice_versions(self) -> Mapping[str, int]:
        """The newest version of each notice."""
        newest: dict[str, int] = {}
        for notice_id, version, _ in self.notices:
            newest[notice_id] = max(version, newest.get(notice_id, 0))
        return newest

    def resolve_field(self, name: str, kind: str = "customer") -> tuple[Collection, Field] | None:
        """A field by the name callers use: `email` of the identity collection, `collection.field`,
        or `dataset.collection.field`. None when unknown."""
        return self.field_names(kind).get(name)

    def field_names(self, kind: str) -> Mapping[str, tuple[Collection, Field]]:
        """Every name that `resolve_field` knows for one kind of person. Of fields with the same name the
        first in the files has it."""
        known: dict[str, tuple[Collection, Field]] | None = self.memo.get(("field_names", kind))
        if known is None:
            known = {name: found for c in self.data_map.identities(kind)[::-1] for name, found in _named(c, "")}
            for collection in tuple(self.data_map.collections())[::-1]:
                known.update(_named(collection, f"{collection.name}."))
                known.update(_named(collection, f"{collection.path}."))
            if kind in self.kinds:
                self.memo["field_names", kind] = known
        return known

    @cached_property
    def all_field_names(self) -> frozenset[str]:
        """Whatever the kind of person, as the data map names them: what else a caller says is the caller's own word."""
        return frozenset(name for kind in ("", *self.kinds) for name in self.field_names(kind))

    def consent_age(self, purpose: Purpose, country: str | None) -> int | None:
        """From which age on a person of this country consents by themselves; None where the purpose asks for none."""
        if purpose.age_by_country:
            return consent_age(country, self.organisation.consent_ages)
        return purpose.minimum_age

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of person that the data map or a purpose speaks of."""
        identities = {c.subject for c in self.data_map.identities() if c.subject}
        return frozenset(identities.union(*(p.subjects for p in self.purposes.values())))

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What pure functions over this set worked out once. Bounded by the set's own words."""
        return {}


def _named(collection: Collection, prefix: str) -> list[tuple[str, tuple[Collection, Field]]]:
    return [(prefix + f.name, (collection, f)) for f in collection.fields]
