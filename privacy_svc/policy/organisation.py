"""policies/organisation.yml: who is responsible, whom people may turn to, who receives data."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from privacy_svc.policy.appearance import read_appearance
from privacy_svc.policy.commissions import read_commission, read_optional
from privacy_svc.policy.consentages import LEAST, LEAST_LAW
from privacy_svc.policy.controller import EVIDENCE_KEPT, FourEyes, Organisation
from privacy_svc.policy.durations import parse_duration
from privacy_svc.policy.facts import OF_AGE
from privacy_svc.policy.reading import Block, Faults, nearest
from privacy_svc.policy.recipients import COUNTRY, PARTY, read_party, read_recipient, read_sender
from privacy_svc.policy.retention import read_retention
from privacy_svc.policy.staffrules import read_deadlines, read_four_eyes
from privacy_svc.policy.yamlfile import Node

FILE = "organisation.yml"
_KEYS = (
    "id",
    "controller",
    "representative",
    "dpo",
    "authority",
    "recipients",
    "processing_for",
    "languages",
    "time_zone",
    "deadlines",
    "approval",
    "four_eyes",
    "phone_region",
    "log_kept",
    "evidence_kept",
    "opendsr_senders",
    "consent_ages",
    "retention",
    "appearance",
)
_RIGHTS = (
    "access",
    "rectification",
    "erasure",
    "restriction",
    "portability",
    "objection",
    "automated_decision",
)
_APPROVAL = (*_RIGHTS, "rectification_of_identity")
_ID = re.compile(r"[a-z][a-z0-9-]{1,31}")
_SHORTEST = 180
"""Days that proof of what was done is kept at least."""
_LANGUAGE = re.compile(r"[a-z]{2}")


def read_organisation(root: Node | None, faults: Faults) -> Organisation | None:
    if root is None:
        return None
    block = Block(root, faults, _KEYS, "organisation")
    responsible = block.block("controller", (*PARTY, "formerly"), required=True)
    controller = read_party("controller", responsible, ("name", "address", "email"))
    controller = replace(controller, formerly=tuple(name for name, _ in responsible.words("formerly")))
    return Organisation(
        id=_shaped(block, "id", _ID, "small letters, digits and hyphens, such as nordlicht"),
        controller=controller,
        dpo=read_party("dpo", block.block("dpo", PARTY, required=True), ("name", "email")),
        authority=read_party("authority", block.block("authority", PARTY, required=True), ("name",)),
        recipients={key: read_recipient(key, node, faults) for key, _, node in block.entries("recipients")},
        languages=_languages(block),
        time_zone=_time_zone(block),
        deadlines=read_deadlines(block, controller.country if COUNTRY.fullmatch(controller.country) else ""),
        approval=_approval(block),
        four_eyes=_not_for_objections(block, read_four_eyes(block, _RIGHTS)),
        phone_region=_shaped(block, "phone_region", COUNTRY, "a country such as DE"),
        log_kept=_kept(block, "log_kept"),
        evidence_kept=_kept(block, "evidence_kept") or EVIDENCE_KEPT,
        senders={key: read_sender(key, node, faults) for key, _, node in block.entries("opendsr_senders")},
        consent_ages=_consent_ages(block),
        retention=read_retention(block),
        appearance=read_appearance(block),
        representative=read_optional(block, "representative"),
        commissions={key: read_commission(key, node, faults) for key, _, node in block.entries("processing_for")},
    )


def _shaped(block: Block, key: str, shape: re.Pattern[str], example: str) -> str:
    text = block.text(key, required=True)
    if text and not shape.fullmatch(text):
        block.fault(key, f"{key!r} must be {example}, not {text!r}")
    return text


def _approval(block: Block) -> frozenset[str]:
    if "approval" not in block:
        return frozenset({"erasure", "rectification"})
    found = frozenset(block.names("approval", _APPROVAL, "right"))
    if "objection" in found:
        block.fault("approval", _AT_ONCE)
    return found


def _not_for_objections(block: Block, rule: FourEyes) -> FourEyes:
    if "objection" in rule.rights:
        block.fault("four_eyes", _AT_ONCE)
    return rule


_AT_ONCE = "an objection holds at once (Art. 21(1) and (3)): nobody approves it; claim compelling grounds afterwards"


def _kept(block: Block, key: str) -> str | None:
    """A slip of the pen may not delete the evidence that Art. 5(2) asks for."""
    text = block.duration(key)
    if text is not None:
        length = parse_duration(text)
        if 31 * length.months + length.days < _SHORTEST:
            block.fault(key, f"{key!r} must be at least P6M: what was done is to be accounted for (Art. 5(2))")
    return text


def _consent_ages(block: Block) -> Mapping[str, int]:
    """By country, where the law is another than the table of consentages.py knows."""
    found: dict[str, int] = {}
    for country, place, _ in block.entries("consent_ages"):
        if not COUNTRY.fullmatch(country):
            block.faults.at(place, f"a country is two capital letters such as DE, not {country!r}")
    inner = block.block("consent_ages", block.node.entries["consent_ages"].entries if "consent_ages" in block else ())
    for country in inner.node.entries:
        age = inner.integer(country, required=True, least=LEAST, most=OF_AGE, law=LEAST_LAW)
        found |= {country: age} if age else {}
    return MappingProxyType(found)


def _languages(block: Block) -> tuple[str, ...]:
    found = block.words("languages", required=True)
    for word, place in found:
        if not _LANGUAGE.fullmatch(word):
            block.faults.at(place, f"{word!r} is not a language of two small letters, such as de")
    return tuple(word for word, _ in found)


def _time_zone(block: Block) -> str:
    name = block.text("time_zone", required=True)
    if name:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            block.fault("time_zone", f"unknown time zone {name!r}{nearest(name, available_timezones())}")
    return name
