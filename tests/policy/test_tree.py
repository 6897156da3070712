"""Purposes form a tree: what is said above holds below, but for consent."""

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import Effect, FindingKind, PolicySet, decide, findings
from tests.policy.small import FILES, NOW, compiled, given, somebody

GROUPS = """\
groups:
  letters:
    title: {en: Letters, de: Briefe}
    prohibited: [user.content, user.contact.phone_number]
"""
PURPOSES = GROUPS + FILES["purposes.yml"].replace("  news:", "  letters.news:")
MODULES = FILES["modules.yml"].replace("[news]", "[letters]")
NOTICES = {p: t.replace("[news]", "[letters.news]") for p, t in FILES.items() if p.startswith("notices/news")}


def tree(purposes: str = PURPOSES, modules: str = MODULES) -> PolicySet:
    return compiled(**{"purposes.yml": purposes, "modules.yml": modules, **NOTICES})


def agreed(**changed: object) -> object:
    return somebody(consents={"letters.news": given()}, **changed)


def effect(policies: PolicySet, field: str = "email", **state: object) -> tuple[str, str]:
    decision = decide(policies, "mail", "letters.news", [field], agreed(**state), NOW)  # type: ignore[arg-type]
    return str(decision.fields[field].effect), " ".join(str(r.code) for r in decision.reasons)


def test_a_grant_of_a_group_grants_what_lies_below() -> None:
    """And nothing beside it."""
    assert tree().modules["mail"].purposes == {"letters.news"}
    assert effect(tree()) == ("permit", "")


@pytest.mark.parametrize(
    ("records", "may"),
    [
        ("", {"service", "statistics", "care", "archive", "rights"}),
        (", records: [letters]", {"letters.news"}),
        (", records: []", set()),
        (", records: null", set()),
    ],
)
def test_whose_consents_a_module_records(records: str, may: set[str]) -> None:
    """What `records` says and no more, a group with what lies below; where it is not there, what the module may use."""
    modules = MODULES.replace("care, archive, rights]", f"care, archive, rights]{records}")
    assert tree(modules=modules).modules["shop"].records == may


def test_a_name_that_only_begins_alike_is_not_below() -> None:
    """`letters` is not above `lettersets`: the dot counts."""
    beside = PURPOSES.replace("  statistics:", "  lettersets:")
    modules = MODULES.replace("statistics", "lettersets")
    assert tree(beside, modules).modules["mail"].purposes == {"letters.news"}


@pytest.mark.parametrize("against", ["letters", "letters.news", "direct_marketing"])
def test_an_objection_above_reaches_below(against: str) -> None:
    """Whatever was agreed to."""
    assert effect(tree(), objections=frozenset({against})) == ("deny", "objected")


def test_an_objection_below_or_beside_reaches_nothing_else() -> None:
    assert effect(tree(), objections=frozenset({"letters.news.daily", "letter"})) == ("permit", "")


def test_a_consent_above_is_none_below() -> None:
    """Consent is asked for each purpose (recital 43)."""
    state = somebody(consents={"letters": given()})
    decision = decide(tree(), "mail", "letters.news", ["email"], state, NOW)
    assert [str(r.code) for r in decision.reasons] == ["consent_missing"]


def test_what_is_prohibited_above_is_told_with_who_prohibits_it() -> None:
    widened = PURPOSES.replace("categories: [user.name, user.contact.email]", "categories: [user.name, user.contact]")
    policies = tree(widened)
    assert effect(policies) == ("permit", "")
    decision = decide(policies, "mail", "letters.news", ["phone"], agreed(), NOW)  # type: ignore[arg-type]
    assert decision.fields["phone"].effect is Effect.DENY
    assert [(str(r.code), "letters" in r.detail) for r in decision.reasons] == [("category_prohibited", True)]


@pytest.mark.parametrize(
    ("purposes", "modules", "fault"),
    [
        (PURPOSES.replace("[user.name, user.contact.email]", "[user.content]"), MODULES, "letters prohibits it"),
        (PURPOSES.replace("  service:", "  letters:"), MODULES.replace("service", "letters"), "letters is a group"),
        (PURPOSES.replace("  letters:", "  direct_marketing:"), MODULES, "choose another name"),
        (PURPOSES, MODULES.replace("[letters]", "[leters]"), "did you mean 'letters'"),
        (PURPOSES.replace("    prohibited: [user.content,", "    prohibitd: [user.content,"), MODULES, "'prohibited'"),
        (PURPOSES.replace("{en: Letters, de: Briefe}", "{en: Letters}", 1), MODULES, "de"),
    ],
)
def test_what_cannot_be_is_refused(purposes: str, modules: str, fault: str) -> None:
    """With the place, and the nearest right word."""
    with pytest.raises(Misconfigured) as refused:
        tree(purposes, modules)
    assert any(fault in f.detail for f in refused.value.faults)


def test_a_group_with_nothing_below_is_told() -> None:
    kinds = {(f.kind, f.about) for f in findings(compiled(**{"purposes.yml": GROUPS + FILES["purposes.yml"]}))}
    assert (FindingKind.GROUP_EMPTY, "letters") in kinds
