"""policies/organisation.yml: who is responsible, whom people may turn to, who receives data."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from privacy_svc.policy.consentages import LEAST
from privacy_svc.policy.durations import parse_duration
from privacy_svc.policy.facts import OF_AGE
from privacy_svc.policy.policyset import Organisation, Party
from privacy_svc.policy.reading import Block, Faults, nearest
from privacy_svc.policy.staffrules import read_deadlines, read_four_eyes
from privacy_svc.policy.yamlfile import Node

FILE = "organisation.yml"
_KEYS = (
    "id",
    "controller",
    "dpo",
    "authority",
    "recipients",
    "languages",
    "time_zone",
    "deadlines",
    "approval",
    "four_eyes",
    "phone_region",
    "log_kept",
    "consent_ages",
)
_PARTY = ("name", "address", "email", "country")
_RECIPIENT = (*_PARTY, "role", "safeguard")
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
_ROLES = ("processor", "controller", "joint_controller", "authority")
_EEA = frozenset("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO".split())  # noqa: SIM905 - reads as the list it is
_ID = re.compile(r"[a-z][a-z0-9-]{1,31}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SHORTEST_LOG = 180
"""Days."""
_LANGUAGE = re.compile(r"[a-z]{2}")


def read_organisation(root: Node | None, faults: Faults) -> Organisation | None:
    if root is None:
        return None
    block = Block(root, faults, _KEYS, "organisation")
    controller = _party("controller", block.block("controller", _PARTY, required=True), ("name", "address", "email"))
    return Organisation(
        id=_shaped(block, "id", _ID, "small letters, digits and hyphens, such as nordlicht"),
        controller=controller,
        dpo=_party("dpo", block.block("dpo", _PARTY, required=True), ("name", "email")),
        authority=_party("authority", block.block("authority", _PARTY, required=True), ("name",)),
        recipients={key: _recipient(key, node, faults) for key, _, node in block.entries("recipients")},
        languages=_languages(block),
        time_zone=_time_zone(block),
        deadlines=read_deadlines(block, controller.country if _COUNTRY.fullmatch(controller.country) else ""),
        approval=frozenset(block.names("approval", _APPROVAL, "right"))
        if "approval" in block
        else frozenset({"erasure", "rectification"}),
        four_eyes=read_four_eyes(block, _RIGHTS),
        phone_region=_shaped(block, "phone_region", _COUNTRY, "a country such as DE"),
        log_kept=_log_kept(block),
        consent_ages=_consent_ages(block),
    )


def _shaped(block: Block, key: str, shape: re.Pattern[str], example: str) -> str:
    text = block.text(key, required=True)
    if text and not shape.fullmatch(text):
        block.fault(key, f"{key!r} must be {example}, not {text!r}")
    return text


def _party(key: str, block: Block, required: tuple[str, ...]) -> Party:
    texts = {k: block.text(k, required=k in required) for k in _PARTY}
    if texts["email"] and "@" not in texts["email"]:
        block.fault("email", "'email' must be an e-mail address")
    if texts["country"] and not _COUNTRY.fullmatch(texts["country"]):
        block.fault("country", f"'country' must be two capital letters, not {texts['country']!r}")
    return Party(key=key, **texts)


def _recipient(key: str, node: Node, faults: Faults) -> Party:
    block = Block(node, faults, _RECIPIENT, f"recipient {key}")
    party = _party(key, block, ("name", "country"))
    role, safeguard = block.word("role", _ROLES, required=True), block.text("safeguard")
    if _COUNTRY.fullmatch(party.country) and party.country not in _EEA and not safeguard:
        block.fault("country", f"{party.country} is outside the EEA: name the transfer's 'safeguard' (Art. 44 to 49)")
    return replace(party, role=role, safeguard=safeguard)


def _log_kept(block: Block) -> str | None:
    """A slip of the pen may not delete the evidence that Art. 5(2) asks for."""
    text = block.duration("log_kept")
    if text is not None:
        length = parse_duration(text)
        if 31 * length.months + length.days < _SHORTEST_LOG:
            block.fault("log_kept", "'log_kept' must be at least P6M: what was done is to be accounted for (Art. 5(2))")
    return text


def _consent_ages(block: Block) -> Mapping[str, int]:
    """By country, where the law is another than the table of consentages.py knows."""
    found: dict[str, int] = {}
    for country, place, _ in block.entries("consent_ages"):
        if not _COUNTRY.fullmatch(country):
            block.faults.at(place, f"a country is two capital letters such as DE, not {country!r}")
    inner = block.block("consent_ages", block.node.entries["consent_ages"].entries if "consent_ages" in block else ())
    for country in inner.node.entries:
        age = inner.integer(country, required=True, least=LEAST, most=OF_AGE)
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
