"""Breaches on the wire. No repr shows what was told."""

import enum
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Risk(enum.StrEnum):
    """To the rights and freedoms of people (Art. 33(1), 34(1))."""

    UNLIKELY = "unlikely"
    """Nobody has to be told; it stays in the register."""
    RISK = "risk"
    """The authority is told."""
    HIGH = "high"
    """The people are told as well."""


class Exempt(enum.StrEnum):
    """Art. 34(3): why people need not be told of a high risk."""

    PROTECTED = "34(3)(a)"
    """The data are unintelligible to who has them."""
    AVERTED = "34(3)(b)"
    """Measures since then make the risk unlikely."""
    DISPROPORTIONATE = "34(3)(c)"
    """It is told publicly instead."""


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of bodies with words in them."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class RegisterBreach(Told, frozen=True, forbid_unknown_fields=True):
    """`nature`: what happened, in words. `aware_at`: when the controller knew; now, where nothing else is said."""

    nature: str
    aware_at: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    client: str | None = None
    categories: list[str] = []
    subjects: list[str] = []
    """Kinds of people (Art. 33(3)(a)), as purposes name them."""
    told_by: str | None = None
    """The processor who noticed it (Art. 33(2))."""


class AssessBreach(Told, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it was; null says that it is not known, or was none."""

    risk: Risk
    reason: str
    consequences: str
    measures: str
    people: int | UnsetType | None = UNSET
    records: int | UnsetType | None = UNSET
    began_at: datetime | UnsetType | None = UNSET
    ended_at: datetime | UnsetType | None = UNSET
    client: str | UnsetType | None = UNSET
    categories: list[str] | UnsetType = UNSET
    subjects: list[str] | UnsetType = UNSET


class TellAuthority(Told, frozen=True, forbid_unknown_fields=True):
    """The first notice, or what follows in phases (Art. 33(4)). `delay`: why the first took longer than 72 hours.
    `reference`: the authority's. `replaces`: the id of what in `history` this corrects."""

    told_at: datetime | None = None
    reference: str | None = None
    delay: str | None = None
    replaces: str | None = None


class TellPeople(Told, frozen=True, forbid_unknown_fields=True):
    """`how` they were told; or the exemption, with the reason. `replaces`: what in `history` this corrects."""

    told_at: datetime | None = None
    how: str | None = None
    exempt: Exempt | None = None
    reason: str | None = None
    replaces: str | None = None


class BreachView(msgspec.Struct, frozen=True):
    """Without what was said in words."""

    id: str
    aware_at: datetime
    authority_due: datetime
    began_at: datetime | None
    ended_at: datetime | None
    client: str | None
    registered_at: datetime
    registered_by: str
    categories: list[str]
    subjects: list[str]
    people: int | None
    records: int | None
    risk: Risk | None
    assessed_at: datetime | None
    authority_told_at: datetime | None
    people_told_at: datetime | None
    people_exempt: str | None
    closed_at: datetime | None
    next: str
    """What is to be done now, and until when."""


class BreachEventView(msgspec.Struct, frozen=True):
    """One judgement, or one time that somebody was told: `at` it was noted."""

    id: str
    kind: str
    at: datetime
    by: str
    risk: str | None
    told_at: datetime | None
    exempt: str | None
    replaces: str | None
    said: dict[str, Any]

    def __repr__(self) -> str:
        return f"BreachEventView({self.id!r}, …)"


class BreachDetails(BreachView, frozen=True, kw_only=True):
    """With it, as it was said last; `history` has each judgement and notice as it was, the oldest first."""

    said: dict[str, Any]
    history: list[BreachEventView]

    def __repr__(self) -> str:
        return f"BreachDetails({self.id!r}, …)"
