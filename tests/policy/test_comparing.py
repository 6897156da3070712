"""What changes between two policies is told, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import Change, Direction, Effect, PolicySet, SubjectState, compare, decide, refuse_widened
from privacy_svc.policy.statespace import states
from tests.policy.small import FILES, NOW, compiled
from tests.policy.test_decide_properties import states as any_states

PURPOSES, MODULES = FILES["purposes.yml"], FILES["modules.yml"]
OLD = compiled()
LOOSER = {
    "a grant": ("modules.yml", MODULES.replace("[news]", "[news, service]")),
    "an age": ("purposes.yml", PURPOSES.replace("minimum_age: 16", "minimum_age: 14")),
    "ages by country": ("purposes.yml", PURPOSES.replace("minimum_age: 16", "minimum_age: by_country")),
    "an unknown age": ("purposes.yml", PURPOSES.replace("age: 16", "age: 16\n    unknown_age: permit")),
    "a guardian for good": (
        "purposes.yml", PURPOSES.replace("valid_for: P24M", "valid_for: P24M\n      guardian_lasts: true")),
    "retention": ("purposes.yml", PURPOSES.replace("retention: P1Y", "retention: P13M")),
    "a day of retention": ("purposes.yml", PURPOSES.replace("retention: P1Y", "retention: P366D")),
    "an older text": ("purposes.yml", PURPOSES.replace("covered_since: 2", "covered_since: 1")),
    "imports": ("purposes.yml", PURPOSES.replace("covered_since: 2", "covered_since: 2\n      accept_imported: true")),
    "a category": ("purposes.yml", PURPOSES.replace("contact.email]", "contact.email, user.contact.address]", 1)),
    "no prohibition": ("purposes.yml", PURPOSES.replace("    prohibited: [user.contact.address]\n", "")),
    "no mask": ("purposes.yml", PURPOSES.replace("    masks: {user.contact.phone_number: last4}\n", "")),
    "a restriction": ("purposes.yml", PURPOSES.replace("storage_only", "despite_restriction: true\n    storage_only")),
    "another basis": ("purposes.yml", PURPOSES.replace("legitimate_interests", "contract").replace(
        "    assessment: LIA-1\n    assessment_reviewed: 2026-01-31\n", "")),
    "whose consents it records": ("modules.yml", MODULES.replace("rights]", "rights], records: [news, care]")),
    "longer consents": ("purposes.yml", PURPOSES.replace("P24M", "P36M")),
}  # fmt: skip
SAME = {"a restriction"}
BOTH = {"an age", "ages by country"}
"""Who is old enough sooner is sooner no longer spoken for by a guardian."""


def directions(old: PolicySet, new: PolicySet) -> set[Direction]:
    return {c.direction for c in compare(old, new, NOW)}


@pytest.mark.parametrize("what", LOOSER)
def test_each_loosening_is_told_and_its_reverse(what: str) -> None:
    """One change of each kind of rule is found as loosened, and as tightened the other way round."""
    file, text = LOOSER[what]
    new = compiled(**{file: text})
    assert new.version != OLD.version
    forth, back = directions(OLD, new), directions(new, OLD)
    if what in SAME:  # storage goes on anyhow
        assert forth == back == set()
        return
    assert Direction.LOOSENED in forth
    assert Direction.TIGHTENED in back
    assert (Direction.TIGHTENED in forth) == (what in BOTH)
    assert (Direction.LOOSENED in back) == (what in BOTH)


def test_a_new_title_changes_no_decision() -> None:
    """Texts are another version and the same decisions."""
    assert compare(OLD, compiled(**{"modules.yml": MODULES.replace("title: Mail", "title: Post")}), NOW) == []


def test_a_change_says_whom_and_what() -> None:
    """Purpose, modules, reasons and fields, and an example of somebody."""
    new = compiled(**{"modules.yml": MODULES.replace("[news]", "[news, service]")})
    loosened = [c for c in compare(OLD, new, NOW) if c.direction is Direction.LOOSENED]
    assert {(c.purpose, c.modules, c.before) for c in loosened} == {("service", ("mail",), "purpose_not_granted")}
    assert {c.after for c in loosened} == {"permit", "last4"}
    (masked,) = [c for c in loosened if c.after == "last4"]
    assert masked.fields == ("crm.people.phone",)
    assert masked.example == "customer"
    assert masked.count == 2, "while it lasts, and on the last day of the retention"


NEWS = [compiled(**{file: text}) for file, text in LOOSER.values()]


@settings(max_examples=100, deadline=None)
@given(state=any_states)
def test_the_space_is_complete(state: SubjectState) -> None:
    """Whatever is decided differently about anybody at all is among the changes that were told."""
    names = [f"{c.path}.{f.name}" for c in OLD.data_map.collections() for f in c.fields]
    state = replace(
        state,
        kind={"patient": "customer"}.get(state.kind, state.kind),
        consents={k: fact for k, fact in state.consents.items() if k in OLD.purposes},
    )
    for new, told in zip(NEWS, TOLD, strict=True):
        for purpose in OLD.purposes:
            for module in OLD.modules:
                before = decide(OLD, module, purpose, names, state, NOW).fields
                after = decide(new, module, purpose, names, state, NOW).fields
                for name in names:
                    if before[name].effect is Effect.DENY and after[name].effect is not Effect.DENY:
                        assert any(_tells(c, purpose, module, name) for c in told), (purpose, module, name, state)


TOLD = [[c for c in compare(OLD, new, NOW) if c.direction is Direction.LOOSENED] for new in NEWS]


def _tells(change: Change, purpose: str, module: str, name: str) -> bool:
    return change.purpose == purpose and module in change.modules and name in change.fields


def test_the_space_is_small() -> None:
    """A few thousand states of all purposes together: a difference is there while one waits."""
    assert 100 < sum(len(list(states((OLD, OLD), p, NOW))) for p in OLD.purposes) < 5_000


def telling(text: str, field: str, category: str, fact: str) -> str:
    """The dataset with a field that tells the fact."""
    mapped = f"          - name: {field}\n            data_categories: [{category}]\n"
    assert mapped in text
    return text.replace(mapped, f"{mapped}            privacy: {{tells: {fact}}}\n")


BORN = telling(FILES["datasets/crm.yml"], "born", "user.demographic.date_of_birth", "birth_date")
DATASET = telling(BORN, "updated", "system.operations", "relationship_end")
UNKNOWN = PURPOSES.replace("age: 16", "age: 16\n    unknown_age: permit")


def told_loosened(old: PolicySet, new: PolicySet) -> set[tuple[str, str, str]]:
    return {(c.purpose, c.before, c.after) for c in compare(old, new, NOW) if c.direction is Direction.LOOSENED}


def test_a_birth_date_no_longer_told_is_told() -> None:
    """A child whose age nobody knows any more is permitted where an unknown age is, and everybody denied elsewhere."""
    blind = DATASET.replace("            privacy: {tells: birth_date}\n", "")
    seeing = compiled(**{"purposes.yml": UNKNOWN, "datasets/crm.yml": DATASET})
    unseeing = compiled(**{"purposes.yml": UNKNOWN, "datasets/crm.yml": blind})
    assert ("news", "guardian_missing", "permit") in told_loosened(seeing, unseeing)
    assert ("news", "guardian_missing", "permit") not in told_loosened(unseeing, seeing)
    strict = [compiled(**{"datasets/crm.yml": text}) for text in (DATASET, blind)]
    found = {(c.direction, c.before, c.after) for c in compare(strict[0], strict[1], NOW)}
    assert (Direction.TIGHTENED, "permit", "guardian_missing") in found
    (lost,) = [c for c in compare(seeing, unseeing, NOW) if c.before == "guardian_missing" and c.after == "permit"]
    assert "aged 15" in lost.example
    assert lost.purpose == "news", "and no purpose that asks for no age"


def test_an_end_no_longer_told_is_told() -> None:
    """Without the end of the relationship no retention ever passes."""
    old = compiled(**{"datasets/crm.yml": DATASET})
    new = compiled(**{"datasets/crm.yml": BORN})
    assert {p for p, before, _ in told_loosened(old, new) if before == "retention_passed"} == {"news", "service"}
    assert told_loosened(new, old) == set()
    assert Direction.TIGHTENED in directions(new, old)


def test_another_field_that_tells_is_told() -> None:
    """Of whom it makes a difference is not to be known: it counts as loosened, both ways."""
    tells = "            privacy: {tells: relationship_end}\n"
    moved = BORN.replace("          - name: notes\n", "          - name: notes\n" + tells)
    old, new = (compiled(**{"datasets/crm.yml": text}) for text in (DATASET, moved))
    told = ("relationship_end is told by crm.people.updated", "relationship_end is told by crm.people.notes")
    assert told_loosened(old, new) == {("news", *told), ("service", *told)}
    assert told_loosened(new, old) == {("news", *told[::-1]), ("service", *told[::-1])}


RULE = "covered_since: 2"
BESIDE = {
    "double opt-in": (f"{RULE}\n      double_opt_in: true", RULE, "double_opt_in: true", "double_opt_in: false"),
    "the signal": ("age: 16\n    honours_gpc: true", "age: 16", "honours_gpc: true", "honours_gpc: false"),
    "asking again": (RULE, f"{RULE}\n      ask_again: P1M", "asked again after P6M", "asked again after P1M"),
    "the link": (
        f"{RULE}\n      double_opt_in: true", f"{RULE}\n      double_opt_in: true\n      confirm_hours: 72",
        "confirmed within 48 hours", "confirmed within 72 hours"),
    "imports": (RULE, f"{RULE}\n      accept_imported: true", "accept_imported: false", "accept_imported: true"),
    "the length": ("P24M", "P48M", "consents last P24M", "consents last P48M"),
}  # fmt: skip


@pytest.mark.parametrize("what", BESIDE)
def test_rules_beside_decisions_are_told(what: str) -> None:
    """What lets consents come about more easily or last longer is loosened, and the reverse tightened, once each."""
    strict, loose, before, after = BESIDE[what]
    here = "P24M" if what == "the length" else RULE if RULE in strict else "age: 16"
    old, new = (compiled(**{"purposes.yml": PURPOSES.replace(here, text)}) for text in (strict, loose))
    expected: dict[str, Any] = {"purpose": "news", "modules": ("mail",), "fields": (), "count": 0}
    forth = Change(direction=Direction.LOOSENED, before=before, after=after, **expected)
    back = Change(direction=Direction.TIGHTENED, before=after, after=before, **expected)
    assert [c for c in compare(old, new, NOW) if c.count == 0] == [forth]
    assert [c for c in compare(new, old, NOW) if c.count == 0] == [back]


WIDER = PURPOSES.replace("[user.name, user.contact.email]", "[user.name, user.contact.email, user.demographic]")
NEWER = {f"notices/news/3.{language}.md": FILES["notices/news/1.en.md"] for language in ("en", "de")}


def test_a_wider_purpose_under_old_consents_is_told() -> None:
    """Who agreed to less goes on being counted, unless covered_since goes beyond every version they were shown."""
    told = (
        "news",
        "consents to notice news, versions 2 to 2",
        "they cover user.demographic too: raise covered_since and show a new notice version",
    )
    old = compiled()
    assert told in told_loosened(old, compiled(**{"purposes.yml": WIDER}))
    shown = compiled(**{"purposes.yml": WIDER, **NEWER})
    assert told in told_loosened(old, shown), "a new version alone leaves the old consents standing"
    raised = compiled(**{"purposes.yml": WIDER.replace("covered_since: 2", "covered_since: 3"), **NEWER})
    assert not [t for t in told_loosened(old, raised) if "raise covered_since" in t[2]]
    assert told_loosened(compiled(**{"purposes.yml": WIDER}), old) == set(), "narrower is no such thing"


def test_a_text_that_comes_with_the_new_policy_loosens_nothing() -> None:
    """Nobody has agreed to it yet. Where older consents no longer count, or the text is taken away, that is tighter."""
    old, beside = compiled(), compiled(**NEWER)
    assert compare(old, beside, NOW) == []
    assert directions(beside, old) == {Direction.TIGHTENED, Direction.REASON}
    raised = compiled(**{"purposes.yml": PURPOSES.replace("covered_since: 2", "covered_since: 3"), **NEWER})
    assert directions(old, raised) == {Direction.TIGHTENED, Direction.REASON}
    asked = PURPOSES[PURPOSES.index("    legal_basis: consent") : PURPOSES.index("    minimum_age: 16\n")]
    interests = "    legal_basis: legitimate_interests\n    assessment: LIA-9\n    assessment_reviewed: 2026-01-31\n"
    unasked = PURPOSES.replace(asked + "    minimum_age: 16\n", interests)
    before = compiled(**{"purposes.yml": unasked})
    assert Direction.TIGHTENED in directions(before, beside), "and a basis that becomes consent is still compared"


def test_who_may_record_consents_is_told() -> None:
    """By module, where the right is given and where it ends."""
    new = compiled(**{"modules.yml": MODULES.replace("rights]", "rights], records: [news]")})
    may, may_not = "may record consents", "may not record consents"
    assert (
        compare(OLD, new, NOW)
        == [
            Change("news", ("shop",), Direction.LOOSENED, may_not, may, (), 0),
            Change("care", ("shop",), Direction.TIGHTENED, may, may_not, (), 0),
        ][::-1]
    )


def test_a_prohibition_lifted_under_old_consents_is_told() -> None:
    """Also where `categories` stays as it was."""
    rest, lifting = (
        "user.contact]\n    prohibited: [user.contact.address, user.contact.phone_number]",
        "user.contact.address, ",
    )
    carved = PURPOSES.replace("user.contact.email]", rest, 1)
    lifted = PURPOSES.replace("user.contact.email]", rest.replace(lifting, ""), 1)
    found = told_loosened(compiled(**{"purposes.yml": carved}), compiled(**{"purposes.yml": lifted}))
    assert [a for _, _, a in found if a.startswith("they cover user.contact.address too: raise covered_since")]


def test_a_text_edited_in_place_is_told() -> None:
    """People agreed to another text than the one that now stands under their version."""
    edited = compiled(**{"notices/news/1.en.md": FILES["notices/news/1.en.md"] + "And our friends do.\n"})
    assert told_loosened(compiled(), edited) == {
        (
            "news",
            "notice news, version 1 (en) as people agreed to it",
            "another text, which nobody agreed to: put the old one back and make a new version",
        )
    }
    assert not [t for t in told_loosened(compiled(), compiled(**NEWER)) if "agreed" in t[1]], "a new version is no edit"


def spoilt(file: str, *changes: tuple[str, str]) -> PolicySet:
    text = FILES[file]
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return compiled(**{file: text})


PARTNER = ("  mailer:", "  partner: {name: Partner, country: FR, role: controller}\n  mailer:")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ([("    categories: [user.name, user", "    categories: [user.name, user.location, user")], "user.location"),
        ([("use: marketing.communications.email", "use: marketing.advertising")], "marketing.advertising"),
        ([("dpv: dpv:DirectMarketing", "dpv: dpv:PersonalisedAdvertising")], "dpv:PersonalisedAdvertising"),
        ([("    minimum_age: 16\n", "    minimum_age: 16\n    profiling: true\n")], "profiling"),
        ([("    recipients: [mailer]", "    recipients: [mailer, partner]")], "partner"),
    ],
)
def test_what_people_did_not_agree_to_is_refused(change: list[tuple[str, str]], said: str) -> None:
    """Each of what a purpose newly is for, unless the version is raised or the reason given by that very word."""
    organisation = FILES["organisation.yml"].replace(*PARTNER)
    old = compiled(**{"organisation.yml": organisation})

    def new(*more: tuple[str, str], **files: str) -> PolicySet:
        text = FILES["purposes.yml"]
        for was, becomes in (*change, *more):
            assert was in text, was
            text = text.replace(was, becomes, 1)
        return compiled(**{"organisation.yml": organisation, "purposes.yml": text, **files})

    with pytest.raises(Misconfigured) as refused:
        refuse_widened(old, new(), "policies")
    assert f"they cover {said} too" in refused.value.faults[0].detail
    refuse_widened(old, new((RULE, "covered_since: 3"), **NEWER), "policies")
    refuse_widened(old, new((RULE, f"{RULE}\n      inherits: {{'{said}': the text says so}}")), "policies")
    with pytest.raises(Misconfigured):
        refuse_widened(old, new((RULE, f"{RULE}\n      inherits: {{user.name: the text says so}}")), "policies")


def test_a_new_processor_asks_nobody() -> None:
    """They work for the controller who was agreed to; one who becomes a controller is another matter."""
    more = ("  mailer:", "  other: {name: Other, country: FR, role: processor}\n  mailer:")
    purposes = PURPOSES.replace("recipients: [mailer]", "recipients: [mailer, other]")
    told = compiled(**{"organisation.yml": FILES["organisation.yml"].replace(*more), "purposes.yml": purposes})
    refuse_widened(compiled(), told, "policies")
    with pytest.raises(Misconfigured):
        refuse_widened(compiled(), spoilt("organisation.yml", ("role: processor", "role: controller")), "policies")


def test_another_controller_has_no_consents() -> None:
    """Of any purpose, unless it is the same one under a new name; `diff` says so too."""
    old = compiled()
    new = spoilt("organisation.yml", ("{name: Acme,", "{name: Bolt,"))
    with pytest.raises(Misconfigured) as refused:
        refuse_widened(old, new, "policies")
    assert [f.detail.partition(":")[0] for f in refused.value.faults] == ["care", "news"]
    assert "they count for Bolt, and were given to Acme" in refused.value.faults[0].detail
    assert [after for _, _, after in told_loosened(old, new) if "count for Bolt" in after]
    refuse_widened(old, spoilt("organisation.yml", ("{name: Acme,", "{name: Bolt, formerly: [Acme],")), "policies")


def test_what_is_inherited_is_something_the_purpose_says() -> None:
    """A reason for nothing is a slip of the pen."""
    with pytest.raises(Misconfigured, match="one place") as refused:
        compiled(**{"purposes.yml": PURPOSES.replace(RULE, f"{RULE}\n      inherits: {{user.contct: why}}")})
    assert "nothing to inherit" in refused.value.faults[0].detail
