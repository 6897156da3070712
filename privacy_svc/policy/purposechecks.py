"""What cannot be true of a purpose, though each of its lines may be. Each refusal says which law it follows."""

from collections.abc import Mapping

from privacy_svc.policy.categories import ARTICLE_9, ARTICLE_10, related, within
from privacy_svc.policy.dpv import DESPITE_RESTRICTION
from privacy_svc.policy.policyset import LegalBasis, Notice, Purpose, SpecialCondition
from privacy_svc.policy.reading import Block

_PHONE = "user.contact.phone_number"
_ADDRESSES = ("user.contact",)
_CHANNELS = {
    "user.contact.email": "e-mail",
    _PHONE: "telephone",
    "user.contact.fax_number": "fax",
    "user.contact.address.street": "post",
}
_OBJECTIONABLE = {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.PUBLIC_TASK}
_MARKETING_BASES = {LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTERESTS}


def check_purpose(purpose: Purpose, block: Block, notices: Mapping[tuple[str, int, str], Notice]) -> None:
    if "legal_basis" not in block:
        return
    _check_consent(purpose, block, notices)
    _check_double_opt_in(purpose, block)
    _check_channels(purpose, block)
    _check_basis(purpose, block)
    _check_marketing(purpose, block)
    _check_categories(purpose, block)
    _check_special(purpose, block)
    _check_restriction(purpose, block)


def _check_consent(purpose: Purpose, block: Block, notices: Mapping[tuple[str, int, str], Notice]) -> None:
    by_consent = purpose.legal_basis is LegalBasis.CONSENT
    explicit = purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT
    if (by_consent or explicit) and "consent" not in block:
        block.fault(
            "legal_basis" if by_consent else "special_condition", "consent needs a 'consent' block: notice, valid_for"
        )
    if "consent" in block and not (by_consent or explicit):
        block.fault("consent", f"the legal basis is {purpose.legal_basis}: nobody is asked for consent as well")
    if purpose.asks_age and not (by_consent or explicit):
        block.fault("minimum_age", "an age counts only for consent (Art. 8)")
    if "unknown_age" in block and not purpose.asks_age:
        block.fault("unknown_age", "says nothing without 'minimum_age'")
    if purpose.consent and purpose.consent.guardian_lasts and not purpose.asks_age:
        block.fault("consent", "guardian_lasts says nothing without 'minimum_age'")
    if purpose.honours_gpc and not (by_consent or purpose.direct_marketing or purpose.legal_basis in _OBJECTIONABLE):
        block.fault("honours_gpc", f"{purpose.legal_basis} can be neither withdrawn nor objected to: a false promise")
    _check_inherited(purpose, block)
    rule = purpose.consent
    for (notice, version, _), found in notices.items():
        covered = rule and notice == rule.notice and version >= rule.covered_since
        if covered and purpose.key not in found.purposes:
            block.fault(
                "consent", f"notice {notice} version {version} does not speak of {purpose.key}: see its 'purposes'"
            )


def _check_inherited(purpose: Purpose, block: Block) -> None:
    for word in purpose.consent.inherits if purpose.consent else ():
        if not _is_said(purpose, word):
            block.fault("consent", f"inherits: {word} is nothing that {purpose.key} says: there is nothing to inherit")


def _is_said(purpose: Purpose, word: str) -> bool:
    """A consent can have been to it: one of the purpose's categories, its recipients, or what it does."""
    does = {
        purpose.use,
        purpose.dpv,
        "profiling" if purpose.profiling else "",
        "automated" if purpose.automated else "",
    }
    return related(word, purpose.categories) or word in does.union(purpose.recipients)


def _check_double_opt_in(purpose: Purpose, block: Block) -> None:
    """Who can open a mail has shown that the mailbox is theirs, and nothing about a telephone."""
    if purpose.consent is None or not purpose.consent.double_opt_in:
        return
    if purpose.covers(_PHONE) or any(within(c, (_PHONE,)) for c in purpose.categories):
        block.fault(
            "consent",
            "double_opt_in goes by e-mail, which proves nothing for the phone (BGH I ZR 164/09): "
            "consent is per channel, make a purpose of its own for each",
        )


def _check_channels(purpose: Purpose, block: Block) -> None:
    """One yes to be called and written to is not specific (Art. 4(11), recital 43). Other bundles are a finding."""
    both = purpose.consent is not None and {"e-mail", "telephone"} <= set(channels(purpose))
    if both and purpose.direct_marketing:
        block.fault(
            "categories",
            "one consent for direct marketing by e-mail and telephone: consent is per channel (§ 7(2) UWG), make a "
            "purpose of its own for each, with narrower categories, or prohibit the other one's",
        )


def channels(purpose: Purpose) -> tuple[str, ...]:
    """The ways to write to or call somebody that a purpose's categories reach."""
    return tuple(name for category, name in _CHANNELS.items() if _reaches(purpose, category))


def _reaches(purpose: Purpose, category: str) -> bool:
    return purpose.covers(category) or any(within(c, (category,)) and purpose.covers(c) for c in purpose.categories)


def _check_basis(purpose: Purpose, block: Block) -> None:
    if purpose.required_for_service and purpose.legal_basis is LegalBasis.CONSENT:
        block.fault(
            "required_for_service", "what the service requires cannot rest on consent: it is not free (Art. 7(4))"
        )
    if purpose.legal_basis is LegalBasis.LEGITIMATE_INTERESTS:
        if not purpose.assessment:
            block.fault(
                "legal_basis", "legitimate_interests needs an 'assessment': the reference of the balancing test"
            )
        elif not purpose.assessment_reviewed and "assessment_reviewed" not in block:
            block.fault("assessment", "name the day of its last review: 'assessment_reviewed'")
    if purpose.impact_assessment and "impact_assessment_reviewed" not in block:
        block.fault("impact_assessment", "name the day of its last review: 'impact_assessment_reviewed'")


def _check_marketing(purpose: Purpose, block: Block) -> None:
    if within(purpose.use, ("marketing",)) and not purpose.direct_marketing:
        block.fault(
            "use", f"{purpose.use} is direct marketing, which people may always object to: direct_marketing: true"
        )
    if not purpose.direct_marketing:
        return
    if purpose.legal_basis not in _MARKETING_BASES:
        block.fault("legal_basis", f"direct marketing cannot rest on {purpose.legal_basis}")
    if purpose.storage_only:
        block.fault("storage_only", "direct marketing is more than storage")
    for category in purpose.masks:
        if within(category, _ADDRESSES):
            block.fault("masks", f"direct marketing with a masked {category}: nobody can be reached by it")


def _check_categories(purpose: Purpose, block: Block) -> None:
    for category in purpose.categories:
        prohibiting = purpose.prohibited_by(category)
        if prohibiting == purpose.key:
            block.fault("prohibited", f"{category} is asked for and prohibited")
        elif prohibiting is not None:
            block.fault("categories", f"{category} is asked for, and {prohibiting} prohibits it for all below it")
    for category in purpose.masks:
        above = any(within(wanted, (category,)) for wanted in purpose.categories)
        if not above and not within(category, purpose.categories):
            block.fault("masks", f"{category} is not among the purpose's categories")


def _check_special(purpose: Purpose, block: Block) -> None:
    condition = purpose.special_condition
    if "special_condition" in block and condition is None:
        return
    for category in purpose.categories:
        if within(category, ARTICLE_10) and condition is not SpecialCondition.AUTHORISED_BY_LAW:
            block.fault("categories", f"{category} needs special_condition: authorised_by_law (Art. 10)")
        special = within(category, ARTICLE_9)
        if special and (condition is None or condition is SpecialCondition.AUTHORISED_BY_LAW):
            block.fault("categories", f"{category} is a special category: it needs a 'special_condition' (Art. 9(2))")


def _check_restriction(purpose: Purpose, block: Block) -> None:
    if not purpose.despite_restriction:
        return
    claim = purpose.dpv.removeprefix("dpv:") in DESPITE_RESTRICTION
    others = purpose.legal_basis is LegalBasis.VITAL_INTERESTS
    public = purpose.special_condition is SpecialCondition.SUBSTANTIAL_PUBLIC_INTEREST
    allowed = claim or purpose.storage_only or others or public
    if not allowed or purpose.direct_marketing or purpose.legal_basis is LegalBasis.CONSENT:
        block.fault(
            "despite_restriction",
            "only storage, the person's own request, legal claims, the protection of others and important public "
            "interest go on during a restriction (Art. 18(2)): storage_only, dpv:RightsFulfilment, "
            "dpv:DisputeManagement, legal_basis: vital_interests, special_condition: substantial_public_interest",
        )
