"""The controller as organisation.yml describes it, and the parties around it: who receives data, who sends requests."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from privacy_svc.policy.appearance import Appearance
from privacy_svc.policy.retention import RetentionRules

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class TellBy(enum.StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    OPENDSR = "opendsr"


@dataclass(frozen=True, slots=True)
class Tell:
    """The way to a recipient. `identity` and `identity_format` are OpenDSR's words for how they know our people."""

    by: TellBy
    url: str = ""
    identity: str = "controller_customer_id"
    identity_format: str = "raw"


@dataclass(frozen=True, slots=True)
class Sender:
    """Another organisation that sends us OpenDSR requests, signed by the key of `certificate` (PEM)."""

    key: str
    name: str
    domain: str
    certificate: str = field(repr=False)
    verifies_identity: bool = False
    """What they verified need not be verified again."""


@dataclass(frozen=True, slots=True)
class Party:
    """A named body with its contact: the controller, its DPO, an authority, a recipient."""

    key: str
    name: str
    address: str = ""
    email: str = ""
    country: str = ""
    role: str = ""
    safeguard: str = ""
    """For a recipient outside the EEA: the transfer instrument (Art. 46)."""
    contract: str = ""
    """For a processor: the reference of the contract (Art. 28(3))."""
    arrangement: str = ""
    """For a joint controller: the reference of the arrangement (Art. 26(1))."""
    formerly: tuple[str, ...] = ()
    """Of the controller: names under which it was the same one, whose consents are its own."""
    tell: Tell | None = None
    """How a recipient is told of a change (Art. 19); None where a person does it."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """To a country outside the EEA, or an organisation there, with its instrument (Art. 46)."""

    name: str
    country: str
    safeguard: str


@dataclass(frozen=True, slots=True)
class Commission:
    """A controller for whom the organisation processes data (Art. 30(2)). `processing`: the categories of it."""

    party: Party
    representative: Party | None
    dpo: Party | None
    processing: tuple[str, ...]
    transfers: tuple[Transfer, ...]
    contract: str


EVIDENCE_KEPT = "P4Y"
"""Claims lapse three years after the end of the year they arose in (§ 195, § 199(1) BGB), fines before (§ 31 OWiG)."""


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """How the time of Art. 12(3) is counted, and when somebody is told of it."""

    law: str = "EU"
    """Names one of the profiles of `rights.deadlines`."""
    region: str = ""
    """Part of the controller's country (ISO 3166-2, without the country) whose public holidays count too."""
    holidays: frozenset[date] = frozenset()
    """Public holidays that come but once, such as a day of mourning."""
    warn_days: tuple[int, ...] = (10, 3)
    """So many days before the deadline the DPO is warned; falling."""
    ask_days: int = 7
    """A question put to the person later than this after receipt does not stop the clock: it was not asked
    without undue delay (EDPB 01/2022, 5.3)."""
    remind_days: int = 14
    """After so many days the person is reminded of it."""
    answer_days: int = 30
    """After so many the clock runs again and a person decides."""


@dataclass(frozen=True, slots=True)
class FourEyes:
    rights: frozenset[str] = frozenset()
    """Two different people approve these."""
    refusals: bool = False
    """A second person confirms that a request is unfounded or excessive (Art. 12(5))."""
    apart: bool = False
    """Who opened a request, or vouched for the person, does not approve it."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """`id` is a short stable word that goes into the associated data of every sealed value."""

    id: str
    controller: Party
    dpo: Party
    authority: Party
    recipients: Mapping[str, Party]
    languages: tuple[str, ...]
    time_zone: str
    deadlines: DeadlineRules = DeadlineRules()
    approval: frozenset[str] = frozenset({"erasure", "rectification"})
    """Rights that a person of the staff approves before they run; `rectification_of_identity` is that of names,
    addresses and numbers by which somebody is known."""
    four_eyes: FourEyes = FourEyes()
    phone_region: str = "DE"
    log_kept: str | None = None
    """ISO 8601 duration after which entries of the audit log are deleted; None keeps them."""
    evidence_kept: str = EVIDENCE_KEPT
    """ISO 8601 duration after an erasure for which what a legal claim may need can still be opened."""
    senders: Mapping[str, Sender] = field(default_factory=lambda: _NOTHING)
    retention: RetentionRules = field(default_factory=RetentionRules)
    consent_ages: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    """Ages of consent by country that go before those of consentages.py."""
    appearance: Appearance = field(default_factory=Appearance)
    representative: Party | None = None
    """In the Union, of an organisation that is established elsewhere (Art. 27)."""
    commissions: Mapping[str, Commission] = field(default_factory=lambda: _NOTHING)
