"""policies/purposes.yml: what personal data are used for, on which legal basis, and within which limits."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from privacy_svc.policy.automatedrules import check_automated, read_automated
from privacy_svc.policy.categories import and_above
from privacy_svc.policy.consentages import LEAST, LEAST_LAW
from privacy_svc.policy.controller import Organisation
from privacy_svc.policy.dpv import PURPOSES
from privacy_svc.policy.facts import OF_AGE
from privacy_svc.policy.policyset import (
    ASK_AGAIN,
    CONFIRM_HOURS,
    ConsentRule,
    Group,
    LegalBasis,
    Mask,
    Notice,
    Purpose,
    SpecialCondition,
)
from privacy_svc.policy.purposechecks import check_purpose
from privacy_svc.policy.reading import Block, Faults, nearest
from privacy_svc.policy.subjectstate import DIRECT_MARKETING, PROFILING
from privacy_svc.policy.taxonomy import Taxonomy
from privacy_svc.policy.yamlfile import Node

FILE = "purposes.yml"
BY_COUNTRY = "by_country"
KEY = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*")
_CONSENT = (
    "notice",
    "valid_for",
    "covered_since",
    "double_opt_in",
    "confirm_hours",
    "accept_imported",
    "inherits",
    "ask_again",
    "guardian_lasts",
)
_KEYS = (
    "title",
    "description",
    "legal_basis",
    "use",
    "dpv",
    "subjects",
    "categories",
    "prohibited",
    "masks",
    "direct_marketing",
    "storage_only",
    "despite_restriction",
    "required_for_service",
    "special_condition",
    "consent",
    "retention",
    "recipients",
    "assessment",
    "assessment_reviewed",
    "impact_assessment",
    "impact_assessment_reviewed",
    "large_scale",
    "new_technology",
    "minimum_age",
    "unknown_age",
    "honours_gpc",
    "profiling",
    "automated",
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a purpose may refer to. None: could not be read, its own fault is enough."""

    taxonomy: Taxonomy
    notices: Mapping[tuple[str, int, str], Notice]
    organisation: Organisation | None

    @property
    def languages(self) -> tuple[str, ...] | None:
        return (self.organisation and self.organisation.languages) or None

    @property
    def recipients(self) -> Collection[str] | None:
        return self.organisation.recipients.keys() if self.organisation else None

    def newest(self, notice: str) -> int:
        return max((version for found, version, _ in self.notices if found == notice), default=0)


def read_purposes(root: Node | None, known: Known, faults: Faults) -> tuple[dict[str, Group], dict[str, Purpose]]:
    top = Block(root, faults, ("groups", "purposes"))
    groups = dict(_groups(top, known))
    read: dict[str, tuple[Purpose, Block]] = {}
    for key, place, node in top.entries("purposes", required=True):
        _check_key("purpose", key, place, faults)
        if key in groups:
            faults.at(place, f"{key} is a group: a purpose needs a key of its own, such as {key}.email")
        block = Block(node, faults, _KEYS, f"purpose {key}")
        read[key] = _purpose(key, block, known), block
    above = {**{k: g.prohibited for k, g in groups.items()}, **{k: p.prohibited for k, (p, _) in read.items()}}
    purposes = {key: replace(p, prohibited_above=_prohibited_above(key, above)) for key, (p, _) in read.items()}
    for key, purpose in purposes.items():
        check_purpose(purpose, read[key][1], known.notices)
        check_automated(purpose, read[key][1])
    return groups, purposes


def _groups(top: Block, known: Known) -> Iterator[tuple[str, Group]]:
    for key, place, node in top.entries("groups"):
        _check_key("group", key, place, top.faults)
        block = Block(node, top.faults, ("title", "prohibited"), f"group {key}")
        title = block.per_language("title", known.languages)
        yield key, Group(key, title, known.taxonomy.categories_of(block, "prohibited"))


def _check_key(what: str, key: str, place: str, faults: Faults) -> None:
    if not KEY.fullmatch(key):
        faults.at(place, f"a {what} is named in small letters and dots, such as marketing.email, not {key!r}")
    if key == DIRECT_MARKETING:
        faults.at(place, f"{key!r} stands for all direct marketing in objections (Art. 21(2)): choose another name")
    if key == PROFILING:
        faults.at(place, f"{key!r} stands for all profiling in objections (Art. 21(1)): choose another name")


def _prohibited_above(key: str, prohibited: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    """Each category that something above prohibits, with the nearest that does."""
    above = and_above(key)[:0:-1]
    return MappingProxyType({category: who for who in above for category in prohibited.get(who, ())})


def _purpose(key: str, block: Block, known: Known) -> Purpose:
    terms = known.taxonomy
    age, by_country = _minimum_age(block)
    return Purpose(
        key=key,
        title=block.per_language("title", known.languages),
        description=block.per_language("description", known.languages),
        legal_basis=block.choice("legal_basis", LegalBasis, required=True) or LegalBasis.CONSENT,
        use=terms.use(block, "use"),
        dpv=_dpv(block),
        subjects=frozenset(block.names("subjects", terms.subjects, "data subject", required=True)),
        categories=terms.categories_of(block, "categories", required=True),
        prohibited=terms.categories_of(block, "prohibited"),
        masks=_masks(block, terms),
        direct_marketing=block.boolean("direct_marketing"),
        storage_only=block.boolean("storage_only"),
        despite_restriction=block.boolean("despite_restriction"),
        required_for_service=block.boolean("required_for_service"),
        special_condition=block.choice("special_condition", SpecialCondition),
        consent=_consent(block, known),
        retention=block.duration("retention"),
        recipients=block.names("recipients", known.recipients, "recipient"),
        assessment=block.text("assessment") or None,
        assessment_reviewed=_day(block, "assessment_reviewed"),
        impact_assessment=block.text("impact_assessment") or None,
        impact_assessment_reviewed=_day(block, "impact_assessment_reviewed"),
        large_scale=_answer(block, "large_scale"),
        new_technology=_answer(block, "new_technology"),
        minimum_age=age,
        age_by_country=by_country,
        unknown_age_permits=block.word("unknown_age", ("permit", "deny")) == "permit",
        honours_gpc=block.boolean("honours_gpc"),
        profiling=block.boolean("profiling"),
        automated=read_automated(block, known.languages),
    )


def _answer(block: Block, key: str) -> bool | None:
    return block.boolean(key) if key in block else None


def _minimum_age(block: Block) -> tuple[int | None, bool]:
    """A number of years, or the word for the ages of the law."""
    node = block.get("minimum_age")
    if node is not None and node.kind == "str":
        return None, block.word("minimum_age", (BY_COUNTRY,)) == BY_COUNTRY
    return block.integer("minimum_age", least=LEAST, most=OF_AGE, law=LEAST_LAW), False


def _dpv(block: Block) -> str:
    term = block.text("dpv", required=True)
    prefix, _, name = term.rpartition(":")
    if term and (prefix != "dpv" or name not in PURPOSES):
        near = nearest(name, PURPOSES).replace("mean '", "mean 'dpv:")
        block.fault("dpv", f"unknown DPV purpose {term!r}{near}")
    return term


def _masks(block: Block, terms: Taxonomy) -> Mapping[str, Mask]:
    inner = block.block("masks", terms.categories)
    chosen = {category: inner.choice(category, Mask, required=True, what="mask") for category in inner.node.entries}
    return MappingProxyType({category: mask for category, mask in chosen.items() if mask})


def _consent(block: Block, known: Known) -> ConsentRule | None:
    if "consent" not in block:
        return None
    inner = block.block("consent", _CONSENT)
    notices = {n for n, _, _ in known.notices}
    notice = inner.text("notice", required=True)
    if notice and notice not in notices:
        block.faults.unknown(inner.place("notice"), "notice", notice, notices)
    since = inner.integer("covered_since", least=1, most=max(1, known.newest(notice))) if notice in notices else None
    valid_for = inner.duration("valid_for", required=True, nothing=False) or "P0D"
    return ConsentRule(
        notice=notice,
        valid_for=valid_for,
        covered_since=since or 1,
        double_opt_in=inner.boolean("double_opt_in"),
        confirm_hours=inner.integer("confirm_hours", least=24, most=72) or CONFIRM_HOURS,
        accept_imported=inner.boolean("accept_imported"),
        inherits=_reasons(inner, "inherits"),
        guardian_lasts=inner.boolean("guardian_lasts"),
        ask_again=inner.duration("ask_again", nothing=False) or ASK_AGAIN,
    )


def _reasons(block: Block, key: str) -> Mapping[str, str]:
    """A text for each of free words."""
    words = [word for word, _, _ in block.entries(key)]
    inner = block.block(key, words)
    return MappingProxyType({word: inner.text(word, required=True) for word in words})


def _day(block: Block, key: str) -> date | None:
    text = block.text(key)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        block.fault(key, f"{key!r} must be a day such as 2026-03-31")
        return None
