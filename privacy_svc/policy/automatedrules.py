"""purposes.yml, `automated`: reading it, and what Art. 22 GDPR asks of such a purpose."""

from privacy_svc.policy.automated import Automated, AutomatedGround
from privacy_svc.policy.categories import ARTICLE_9, within
from privacy_svc.policy.policyset import LegalBasis, Purpose, SpecialCondition
from privacy_svc.policy.reading import Block

_KEYS = ("logic", "consequences", "ground", "law")
_BASES = {
    AutomatedGround.CONTRACT: (LegalBasis.CONTRACT,),
    AutomatedGround.CONSENT: (LegalBasis.CONSENT,),
    AutomatedGround.LAW: (LegalBasis.LEGAL_OBLIGATION, LegalBasis.PUBLIC_TASK),
}
_SPECIAL = {SpecialCondition.EXPLICIT_CONSENT, SpecialCondition.SUBSTANTIAL_PUBLIC_INTEREST}


def read_automated(purpose: Block, languages: tuple[str, ...] | None) -> Automated | None:
    if "automated" not in purpose:
        return None
    block = purpose.block("automated", _KEYS)
    ground = block.choice("ground", AutomatedGround, required=True)
    law = block.text("law", required=ground is AutomatedGround.LAW)
    if law and ground is not AutomatedGround.LAW:
        block.fault("law", "'law' belongs to ground: law")
    logic, consequences = (block.per_language(key, languages) for key in ("logic", "consequences"))
    return Automated(logic, consequences, ground, law) if ground else None


def check_automated(purpose: Purpose, block: Block) -> None:
    automated = purpose.automated
    if automated is None:
        return
    if purpose.legal_basis not in _BASES[automated.ground]:
        fitting = " or ".join(_BASES[automated.ground])
        block.fault(
            "automated",
            f"a decision by automated means rests on contract, law or explicit consent (Art. 22(2)): ground "
            f"{automated.ground} goes with legal_basis {fitting}, not {purpose.legal_basis}",
        )
    special = [c for c in purpose.categories if within(c, ARTICLE_9)]
    if special and purpose.special_condition not in _SPECIAL:
        block.fault(
            "automated",
            f"decides by {special[0]}, a special category: only with special_condition explicit_consent or "
            "substantial_public_interest (Art. 22(4))",
        )
