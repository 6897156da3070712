"""policies/tests/*.yml: what the policies are expected to decide, beside them.

    at: 2026-11-23                              # the day, or instant, of every test of the file
    people:
      ana: {age: 40, consents: {marketing.email: given}}
    tests:
      - name: the newsletter is sent to who agreed
        module: marketing
        purpose: marketing.email
        person: ana
        expect: {email: permit, phone: deny}    # permit, deny, or the mask
        reasons: [category_not_in_purpose]      # all of them, and no other; without: none

A consent is a word for its state, given to the newest notice, or a map of state, version, valid_until, guardian,
proven, explicit, since_restriction. Tests are no part of a policy's version.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from privacy_svc.errors import Misconfigured
from privacy_svc.policy.facts import country_code
from privacy_svc.policy.fieldrules import Effect
from privacy_svc.policy.policyset import Mask, PolicySet
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.reasons import ReasonCode
from privacy_svc.policy.subjectstate import DIRECT_MARKETING, PROFILING, ConsentFact, SubjectState
from privacy_svc.policy.yamlfile import Node, read_yaml

FOLDER = "tests"
_TOP = ("at", "people", "tests")
_TEST = ("name", "module", "purpose", "person", "at", "expect", "reasons")
_PERSON = ("kind", "erased", "restricted", "objections", "consents", "age", "country", "relationship_ended")
_CONSENT = ("state", "notice", "version", "valid_until", "guardian", "proven", "explicit", "since_restriction")
_STATES = ("given", "refused", "withdrawn", "expired", "requested", "invalidated")
EFFECTS = ("permit", "deny", *(m.value for m in Mask))


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `expect` is the effect, or the mask, by field."""

    place: str
    name: str
    module: str
    purpose: str
    state: SubjectState
    at: datetime
    expect: Mapping[str, str]
    reasons: frozenset[ReasonCode]


def read_cases(folder: Path, policies: PolicySet) -> list[Case]:
    """All tests in the policies folder. Raises Misconfigured with every fault."""
    faults = Faults()
    paths = sorted(p for p in (folder / FOLDER).rglob("*") if p.suffix.lower() in {".yml", ".yaml"} and p.is_file())
    cases: list[Case] = []
    for path in paths:
        try:
            root = read_yaml(
                f"{folder.resolve().name}/{path.relative_to(folder).as_posix()}", path.read_bytes(), faults
            )
        except OSError as error:
            raise Misconfigured(f"{path} cannot be read: {error.strerror}.") from error
        if root is not None:
            cases += _File(root, policies, faults).cases()
    if faults:
        raise Misconfigured("The policy tests cannot be read", faults=faults)
    return cases


class _File:
    def __init__(self, root: Node, policies: PolicySet, faults: Faults) -> None:
        self.policies, self.faults = policies, faults
        self.top = Block(root, faults, _TOP)
        self.people = {name: self._person(node) for name, _, node in self.top.entries("people")}

    def cases(self) -> Iterator[Case]:
        at = _instant(self.top, "at", required=True)
        for node in self.top.items("tests", required=True):
            block = Block(node, self.faults, _TEST, "test")
            own = _instant(block, "at") or at
            state = self._somebody(block)
            if own and state:
                yield Case(
                    place=node.place,
                    name=block.text("name", required=True),
                    module=block.text("module", required=True),
                    purpose=block.text("purpose", required=True),
                    state=state,
                    at=own,
                    expect=self._expected(block),
                    reasons=frozenset(map(ReasonCode, block.names("reasons", list(ReasonCode), "reason"))),
                )

    def _expected(self, block: Block) -> Mapping[str, str]:
        inner = block.block("expect", [*self.policies.field_names(""), *_words(block, "expect")], required=True)
        if not inner.node.entries:
            block.fault("expect", "'expect' names no field")
        return {field: inner.word(field, EFFECTS, what="effect") or Effect.DENY for field in inner.node.entries}

    def _somebody(self, block: Block) -> SubjectState | None:
        node = block.get("person", required=True)
        if node is None or node.kind == "map":
            return self._person(node) if node else None
        if node.text not in self.people:
            self.faults.unknown(node.place, "person", node.text, self.people)
            return None
        return self.people[node.text]

    def _person(self, node: Node) -> SubjectState:
        block = Block(node, self.faults, _PERSON, "person")
        known = self.policies.purposes
        objectionable = [*known, *self.policies.groups, DIRECT_MARKETING, PROFILING]
        consents = block.block("consents", known)
        return SubjectState(
            subject_id="",
            kind=block.text("kind", default="customer"),
            version=0,
            erased=block.boolean("erased"),
            restricted=block.boolean("restricted"),
            objections=frozenset(block.names("objections", objectionable, "purpose")),
            consents={key: self._consent(key, consents) for key in consents.node.entries if key in known},
            age=block.integer("age", most=150),
            country=_country(block),
            retention_anchor=_instant(block, "relationship_ended"),
        )

    def _consent(self, purpose: str, consents: Block) -> ConsentFact:
        rule, node = self.policies.purposes[purpose].consent, consents.get(purpose)
        notice = rule.notice if rule else ""
        newest = self.policies.notice_versions.get(notice, 0)
        if node is None or node.kind != "map":
            state = consents.word(purpose, _STATES, what="state") or "refused"
            return ConsentFact(state, notice, newest, None, explicit=True)
        block = Block(node, self.faults, _CONSENT, "consent")
        version = block.integer("version")
        return ConsentFact(
            block.word("state", _STATES, required=True) or "refused",
            block.text("notice", default=notice) if version != 0 else "",
            newest if version is None else version,
            _instant(block, "valid_until"),
            guardian=block.boolean("guardian"),
            proven=block.boolean("proven", default=True),
            explicit=block.boolean("explicit", default=True),
            since_restriction=block.boolean("since_restriction"),
        )


def _country(block: Block) -> str | None:
    text = block.text("country")
    if text and country_code(text) != text:
        block.fault("country", f"'country' must be two capital letters of ISO 3166, such as DE, not {text!r}")
    return text or None


def _words(block: Block, key: str) -> Collection[str]:
    """Any field may be asked for: what the data map does not know is denied, and that can be expected too."""
    node = block.node.entries.get(key)
    return node.entries if node else ()


def _instant(block: Block, key: str, *, required: bool = False) -> datetime | None:
    """A day is its beginning in UTC."""
    text = block.text(key, required=required)
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        block.fault(key, f"{key!r} must be a day such as 2026-03-31, or an instant such as 2026-03-31T12:00:00Z")
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
