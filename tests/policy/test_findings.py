"""What fits together and does nothing is told."""

import pytest

from privacy_svc.examples import folder
from privacy_svc.policy import FindingKind, findings, load_policies, notes
from tests.policy.small import FILES, compiled

PURPOSES, MODULES, DATASET = FILES["purposes.yml"], FILES["modules.yml"], FILES["datasets/crm.yml"]


def told(**changed: str) -> set[tuple[str, str]]:
    return {(f.kind, f.about) for f in findings(compiled(**changed))}


BEFORE = told()


def test_the_example_has_none() -> None:
    """Every rule of the example policies can be reached and every field be read."""
    assert findings(load_policies(folder("policies"))) == []


@pytest.mark.parametrize(
    ("file", "text", "kind", "about"),
    [
        ("modules.yml", MODULES.replace("service, ", ""), FindingKind.PURPOSE_UNUSED, "service"),
        ("purposes.yml", PURPOSES.replace("[customer]", "[customer, patient]", 1), FindingKind.KIND_UNMAPPED, "news"),
        (
            "purposes.yml",
            PURPOSES.replace("[user.name, user.contact.email]", "[user.name, user.content]"),
            FindingKind.CATEGORY_UNMAPPED,
            "news",
        ),
        (
            "purposes.yml",
            PURPOSES.replace("[user.name, user.contact.email]", "[user.name, user.name.first, user.contact.email]"),
            FindingKind.RULE_UNREACHABLE,
            "news",
        ),
        (
            "purposes.yml",
            PURPOSES.replace("[user.contact.address]", "[user.content]"),
            FindingKind.RULE_UNREACHABLE,
            "service",
        ),
        (
            "purposes.yml",
            PURPOSES.replace("[user.contact.address]", "[user.contact.phone_number]"),
            FindingKind.RULE_UNREACHABLE,
            "service",
        ),
        (
            "purposes.yml",
            PURPOSES.replace("user.unique_id: hash}", "user.unique_id: hash, user.demographic: null}"),
            None,
            "",
        ),
        (
            "purposes.yml",
            PURPOSES.replace("    required_for", "    special_condition: health_care\n    required_for"),
            FindingKind.RULE_UNREACHABLE,
            "service",
        ),
        (
            "modules.yml",
            MODULES.replace(", archive, rights", ""),
            FindingKind.FIELD_UNREADABLE,
            "crm.people.faith",
        ),
        (
            "datasets/crm.yml",
            DATASET.replace("data_categories: [user.contact.phone_number]", "description: a number"),
            FindingKind.FIELD_UNCATEGORISED,
            "crm.people.phone",
        ),
        (
            "purposes.yml",
            PURPOSES.replace("user.contact.email]", "user.contact.email, user.contact.address]", 1),
            FindingKind.CONSENT_BUNDLED,
            "news",
        ),
        (
            "datasets/crm.yml",
            DATASET.replace("[user.contact.phone_number]", "[user.contact]"),
            FindingKind.FIELD_BROAD,
            "crm.people.phone",
        ),
        (
            "datasets/crm.yml",
            DATASET.replace("[user.demographic.date_of_birth]", "[user.demographic]"),
            FindingKind.FIELD_BROAD,
            "crm.people.born",
        ),
    ],
)  # fmt: skip
def test_what_does_nothing_is_named(file: str, text: str, kind: FindingKind | None, about: str) -> None:
    """Each kind of idle rule is found where it was written, and nothing where the rule still does something."""
    assert text != FILES[file]
    new = told(**{file: text}) - BEFORE
    assert ((kind, about) in new) if kind else not new


def test_a_masked_key_is_noted() -> None:
    """A module names records by their key, so a mask on it keeps nothing from the module."""
    (note,) = notes(compiled())
    assert (note.kind, note.about) == (FindingKind.KEY_MASKED, "statistics")
    assert "crm.people.id" in note.detail
    assert notes(compiled(**{"purposes.yml": PURPOSES.replace(", user.unique_id: hash", "")})) == []
