"""The decision gives each reason where it should, and none where it should not."""

from datetime import UTC, datetime

import pytest

from privacy_svc.policy import DIRECT_MARKETING, Effect, Mask, Purpose, ReasonCode, SubjectState, decide
from privacy_svc.policy.reasons import STEPS
from tests.policy.small import FILES, NOW, compiled, given, somebody

POLICIES = compiled()
R = ReasonCode


def codes(module: str, purpose: str, *fields: str, **state: object) -> set[ReasonCode]:
    return {r.code for r in decide(POLICIES, module, purpose, fields, somebody(**state), NOW).reasons}


def test_permit() -> None:
    """With consent, a granted purpose and fitting fields, all is permitted, by named rules."""
    decision = decide(POLICIES, "mail", "news", ["email", "people.name", "crm.people.name"], somebody(), NOW)
    assert decision.permit_all
    assert decision.any_permit
    assert decision.reasons == ()
    assert decision.fields["email"].rule == "news#8-minimisation:user.contact.email"
    assert {d.effect for d in decision.fields.values()} == {Effect.PERMIT}
    assert (decision.policy_version, decision.state_version) == (POLICIES.version, 7)


@pytest.mark.parametrize(
    ("module", "purpose", "fields", "state", "expected"),
    [
        # 1 known
        ("mall", "news", ["email"], {}, {R.UNKNOWN_MODULE}),
        ("mail", "newz", ["email"], {}, {R.UNKNOWN_PURPOSE}),
        ("mail", "news", ["e-mail"], {}, {R.UNKNOWN_FIELD}),
        ("mall", "newz", ["e-mail"], {}, {R.UNKNOWN_MODULE, R.UNKNOWN_PURPOSE, R.UNKNOWN_FIELD}),
        # 2 granted
        ("shop", "news", ["email"], {}, {R.PURPOSE_NOT_GRANTED}),
        ("mail", "news", [], {"kind": "employee"}, {R.SUBJECT_KIND_NOT_COVERED}),
        # 3 erasure, 4 restriction
        ("mail", "news", ["email"], {"erased": True}, {R.ERASED}),
        ("mail", "news", ["email"], {"restricted": True}, {R.RESTRICTED}),
        ("shop", "service", ["email"], {"restricted": True}, {R.RESTRICTED}),
        ("shop", "archive", ["email"], {"restricted": True}, set()),
        ("shop", "rights", ["email"], {"restricted": True}, set()),
        ("mail", "news", ["email"], {"restricted": True, "consents": {"news": given(since_restriction=True)}}, set()),
        (
            "mail",
            "news",
            ["email"],
            {"restricted": True, "consents": {"news": given(since_restriction=True, explicit=False)}},
            {R.RESTRICTED},
        ),
        (
            "shop",
            "service",
            ["email"],
            {"restricted": True, "consents": {"news": given(since_restriction=True)}},
            {R.RESTRICTED},
        ),
        (
            "mail",
            "news",
            ["email"],
            {"restricted": True, "consents": {"news": given(since_restriction=True, state="withdrawn")}},
            {R.RESTRICTED, R.CONSENT_WITHDRAWN},
        ),
        # 5 objection
        ("mail", "news", ["email"], {"objections": frozenset({DIRECT_MARKETING})}, {R.OBJECTED}),
        ("mail", "news", ["email"], {"objections": frozenset({"news"})}, {R.OBJECTED}),
        ("shop", "statistics", ["born"], {"objections": frozenset({"statistics"})}, {R.OBJECTED}),
        ("shop", "statistics", ["born"], {"objections": frozenset({DIRECT_MARKETING})}, set()),
        ("shop", "service", ["email"], {"objections": frozenset({"service", DIRECT_MARKETING})}, set()),
        ("shop", "archive", ["email"], {"objections": frozenset({"archive"})}, set()),
        # 6 legal basis
        ("mail", "news", ["email"], {"consents": {}}, {R.CONSENT_MISSING}),
        ("mail", "news", ["email"], {"consents": {"service": given()}}, {R.CONSENT_MISSING}),
        ("mail", "news", ["email"], {"consents": {"news": given(state="requested")}}, {R.CONSENT_MISSING}),
        ("mail", "news", ["email"], {"consents": {"news": given(state="invalidated")}}, {R.CONSENT_MISSING}),
        ("mail", "news", ["email"], {"consents": {"news": given(state="refused")}}, {R.CONSENT_REFUSED}),
        ("mail", "news", ["email"], {"consents": {"news": given(state="withdrawn")}}, {R.CONSENT_WITHDRAWN}),
        ("mail", "news", ["email"], {"consents": {"news": given(state="expired")}}, {R.CONSENT_EXPIRED}),
        ("mail", "news", ["email"], {"consents": {"news": given(valid_until=NOW)}}, {R.CONSENT_EXPIRED}),
        ("mail", "news", ["email"], {"consents": {"news": given(valid_until=None)}}, set()),
        ("mail", "news", ["email"], {"consents": {"news": given(version=1)}}, {R.CONSENT_NOTICE_OUTDATED}),
        ("mail", "news", ["email"], {"consents": {"news": given(version=3)}}, {R.CONSENT_NOTICE_OUTDATED}),
        ("mail", "news", ["email"], {"consents": {"news": given("care")}}, {R.CONSENT_NOTICE_OUTDATED}),
        ("mail", "news", ["email"], {"age": 15}, {R.GUARDIAN_MISSING}),
        ("mail", "news", ["email"], {"age": None}, {R.GUARDIAN_MISSING}),
        ("mail", "news", ["email"], {"age": 15, "consents": {"news": given(guardian=True)}}, set()),
        ("mail", "news", ["email"], {"age": None, "consents": {"news": given(guardian=True)}}, set()),
        ("mail", "news", ["email"], {"age": 16, "consents": {"news": given(guardian=True)}}, {R.GUARDIAN_OVER}),
        ("mail", "news", ["email"], {"age": 16}, set()),
        ("shop", "service", ["email"], {"consents": {}, "age": 3}, set()),
        # 7 special category
        ("shop", "statistics", ["faith"], {}, {R.SPECIAL_CATEGORY}),
        ("shop", "archive", ["faith"], {}, {R.SPECIAL_CATEGORY}),
        ("shop", "rights", ["faith"], {}, set()),
        ("shop", "rights", ["convictions"], {}, {R.SPECIAL_CATEGORY}),
        ("shop", "care", ["illness"], {}, {R.CONSENT_MISSING}),
        ("shop", "care", ["name"], {}, set()),
        ("shop", "care", ["illness"], {"consents": {"care": given("care", 1)}}, set()),
        (
            "shop",
            "care",
            ["illness"],
            {"consents": {"care": given("care", 1, state="withdrawn")}},
            {R.CONSENT_WITHDRAWN},
        ),
        (
            "shop",
            "care",
            ["illness"],
            {"consents": {"care": given("care", 1, explicit=False)}},
            {R.CONSENT_NOT_EXPLICIT},
        ),
        ("shop", "care", ["name"], {"consents": {"care": given("care", 1, explicit=False)}}, set()),
        ("mail", "news", ["email"], {"consents": {"news": given(explicit=False)}}, set()),
        # 8 minimisation
        ("mail", "news", ["born"], {}, {R.CATEGORY_NOT_IN_PURPOSE}),
        ("shop", "service", ["street"], {}, {R.CATEGORY_PROHIBITED}),
        ("shop", "service", ["notes"], {}, {R.UNCATEGORISED_FIELD}),
        ("shop", "service", ["updated"], {}, set()),
        # 9 retention
        ("mail", "news", ["email"], {"retention_anchor": datetime(2025, 11, 23, 12, tzinfo=UTC)}, {R.RETENTION_PASSED}),
        ("mail", "news", ["email"], {"retention_anchor": datetime(2025, 11, 23, 13, tzinfo=UTC)}, set()),
        ("shop", "archive", ["email"], {"retention_anchor": datetime(1990, 1, 1, tzinfo=UTC)}, set()),
    ],
)
def test_reason(
    module: str, purpose: str, fields: list[str], state: dict[str, object], expected: set[ReasonCode]
) -> None:
    """The reasons are exactly these; without one the answer is yes, with one it is no."""
    decision = decide(POLICIES, module, purpose, fields, somebody(**state), NOW)
    assert {r.code for r in decision.reasons} == expected
    assert decision.permit_all is not bool(expected)
    assert decision.any_permit is not bool(expected)
    for field in decision.fields.values():
        assert (field.effect is Effect.DENY) is bool(expected)
        assert (field.reason in expected) is bool(expected)


def test_masks() -> None:
    """A masked field is released in part, by the mask of its nearest category."""
    decision = decide(POLICIES, "shop", "statistics", ["born", "id"], somebody(), NOW)
    assert decision.permit_all
    assert [d.effect for d in decision.fields.values()] == [Effect.MASK, Effect.MASK]
    assert [d.mask for d in decision.fields.values()] == [Mask.YEAR, Mask.HASH]
    assert decision.fields["born"].rule == "statistics#10-mask:user.demographic.date_of_birth"


def test_two_masks_leave_nothing() -> None:
    """A field of two categories with different masks is shown not at all."""
    text = FILES["datasets/crm.yml"].replace(
        "[user.demographic.date_of_birth]", "[user.demographic.date_of_birth, user.unique_id]"
    )
    policies = compiled(**{"datasets/crm.yml": text})
    assert decide(policies, "shop", "statistics", ["born"], somebody(), NOW).fields["born"].mask is Mask.NULL


def test_every_category_of_a_field_must_fit() -> None:
    """One category outside the purpose is enough to withhold the field."""
    text = FILES["datasets/crm.yml"].replace("[user.contact.email]", "[user.contact.email, user.location]")
    policies = compiled(**{"datasets/crm.yml": text})
    decision = decide(policies, "mail", "news", ["email"], somebody(), NOW)
    assert decision.fields["email"].reason is R.CATEGORY_NOT_IN_PURPOSE


def test_some_fields() -> None:
    """A field that does not fit takes nothing from those that do."""
    decision = decide(POLICIES, "mail", "news", ["email", "born", "faith", "nonsense"], somebody(), NOW)
    assert not decision.permit_all
    assert decision.any_permit
    assert decision.fields["email"].effect is Effect.PERMIT
    assert decision.fields["born"].reason is R.CATEGORY_NOT_IN_PURPOSE
    assert decision.fields["faith"].reason is R.SPECIAL_CATEGORY
    assert decision.fields["nonsense"].reason is R.UNKNOWN_FIELD
    assert [(r.code, r.field) for r in decision.reasons] == [
        (R.CATEGORY_NOT_IN_PURPOSE, "born"),
        (R.SPECIAL_CATEGORY, "faith"),
        (R.CATEGORY_NOT_IN_PURPOSE, "faith"),
        (R.UNKNOWN_FIELD, "nonsense"),
    ]


def test_all_reasons_are_collected_in_the_order_of_the_steps() -> None:
    """The first step that denies decides, the others are told too."""
    state = somebody(
        erased=True,
        restricted=True,
        objections=frozenset({DIRECT_MARKETING}),
        consents={"news": given(state="withdrawn")},
        retention_anchor=datetime(2020, 1, 1, tzinfo=UTC),
    )
    decision = decide(POLICIES, "shop", "news", ["born"], state, NOW)
    found = [r.code for r in decision.reasons]
    assert found == [
        R.PURPOSE_NOT_GRANTED,
        R.ERASED,
        R.RESTRICTED,
        R.OBJECTED,
        R.CONSENT_WITHDRAWN,
        R.CATEGORY_NOT_IN_PURPOSE,
        R.RETENTION_PASSED,
    ]
    assert decision.fields["born"].reason is R.PURPOSE_NOT_GRANTED
    assert decision.fields["born"].rule == "news#2-granted"


@pytest.mark.parametrize(
    ("country", "own", "needed"),
    [
        ("DE", "", 16),
        ("GB", "", 13),
        ("FR", "", 15),
        ("US", "", 16),
        (None, "", 16),
        ("ES", "", 14),
        ("ES", "consent_ages: {ES: 16}\n", 16),
        (None, "consent_ages: {ES: 18}\n", 18),
    ],
)
def test_the_age_of_the_persons_country(country: str | None, own: str, needed: int) -> None:
    """`by_country` takes the age of the law, the organisation's before it, and of an unknown country the strictest."""
    purposes = FILES["purposes.yml"].replace("minimum_age: 16", "minimum_age: by_country")
    policies = compiled(**{"purposes.yml": purposes, "organisation.yml": FILES["organisation.yml"] + own})
    for age in range(12, 20):
        decision = decide(policies, "mail", "news", ["email"], somebody(age=age, country=country), NOW)
        assert decision.permit_all is (age >= needed), (country, age)


def test_a_guardians_consent_may_last() -> None:
    """Where the policy says so, it goes on until the person says otherwise."""
    text = FILES["purposes.yml"].replace("valid_for: P24M", "valid_for: P24M\n      guardian_lasts: true")
    grown = somebody(age=16, consents={"news": given(guardian=True)})
    assert decide(compiled(**{"purposes.yml": text}), "mail", "news", ["email"], grown, NOW).permit_all


def test_unknown_age_may_be_permitted_by_policy() -> None:
    """`unknown_age: permit` is the policy's choice for a service that is not for children."""
    text = FILES["purposes.yml"].replace("minimum_age: 16", "minimum_age: 16\n    unknown_age: permit")
    policies = compiled(**{"purposes.yml": text})
    assert decide(policies, "mail", "news", ["email"], somebody(age=None), NOW).permit_all
    assert not decide(policies, "mail", "news", ["email"], somebody(age=15), NOW).permit_all


def test_without_fields_the_question_is_the_purpose() -> None:
    """No fields: yes where the purpose as such is open."""
    assert decide(POLICIES, "mail", "news", [], somebody(), NOW).permit_all
    assert decide(POLICIES, "mail", "news", [], somebody(), NOW).any_permit
    assert not decide(POLICIES, "mail", "news", [], somebody(consents={}), NOW).any_permit


def test_names_belong_to_the_kind_of_person() -> None:
    """`name` of an employee is the staff's, `email` of an employee is nobody's."""
    staff = somebody(kind="employee")
    decision = decide(POLICIES, "shop", "rights", ["name", "email"], staff, NOW)
    assert decision.fields["name"].effect is Effect.PERMIT
    assert decision.fields["email"].reason is R.UNKNOWN_FIELD
    stranger = decide(POLICIES, "shop", "rights", ["name", "people.name"], somebody(kind="patient"), NOW)
    assert {r.code for r in stranger.reasons} == {R.SUBJECT_KIND_NOT_COVERED, R.UNKNOWN_FIELD}


def test_every_code_has_article_sentence_and_step() -> None:
    """No reason can be given without a law and words for it."""
    for code in ReasonCode:
        assert code.article.startswith("GDPR ")
        assert code.sentence.endswith(".")
        assert code in STEPS


def test_a_purpose_without_a_rule_denies() -> None:
    """Built by hand and incomplete, a consent purpose fails closed."""
    purpose = Purpose(
        key="x",
        title={},
        description={},
        legal_basis=POLICIES.purposes["news"].legal_basis,
        use="marketing",
        dpv="dpv:Marketing",
        subjects=frozenset({"customer"}),
        categories=("user",),
    )
    state: SubjectState = somebody(consents={"x": given()})
    policies = type(POLICIES)(
        version="v",
        organisation=POLICIES.organisation,
        purposes={"x": purpose},
        modules=POLICIES.modules,
        notices={},
        data_map=POLICIES.data_map,
    )
    assert {r.code for r in decide(policies, "shop", "x", [], state, NOW).reasons} >= {R.CONSENT_MISSING}


def test_a_category_that_comes_later_needs_an_explicit_consent() -> None:
    """A purpose on consent that a policy makes one of special categories denies who only agreed, with Art. 9(2)(a)."""
    care = "    legal_basis: contract\n    special_condition: explicit_consent"
    later = compiled(**{"purposes.yml": FILES["purposes.yml"].replace(care, care.replace("contract", "consent"))})
    for explicit, codes in ((True, []), (False, [R.CONSENT_NOT_EXPLICIT])):
        person = somebody(consents={"care": given("care", 1, explicit=explicit)})
        for fields in ([], ["name"], ["illness"]):
            found = decide(later, "shop", "care", fields, person, NOW)
            assert [(r.code, r.article) for r in found.reasons] == [(c, "GDPR 9(2)(a)") for c in codes]
            assert found.permit_all is explicit
