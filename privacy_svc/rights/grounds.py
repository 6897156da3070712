"""On which grounds a request may be refused: codes of the W3C Data Privacy Vocabulary, DPV 2.3 eu-gdpr
(https://w3id.org/dpv/legal/eu/gdpr#Justification…). Closed: a ground that is not here is none. Pure.

A ground is chosen by a named person with an explanation, never by a rule. What it says to people is in `words`.
"""

import enum

from privacy_svc.rights.states import Right

PREFIX = "https://w3id.org/dpv/legal/eu/gdpr#Justification"


class Ground(enum.StrEnum):
    IDENTITY_FAILURE = "A12IdentityFailure"
    MANIFESTLY_UNFOUNDED = "A12ManifestlyUnfounded"
    MANIFESTLY_EXCESSIVE = "A12ManifestlyExcessive"
    MALICIOUS_INTENT = "A12MaliciousIntent"
    FREEDOM_OF_EXPRESSION = "A17FreedomOfExpression"
    LEGALLY_REQUIRED = "A17LegallyRequired"
    OFFICIAL_AUTHORITY = "A17OfficialAuthority"
    PUBLIC_HEALTH = "A17PublicHealth"
    ARCHIVING = "A17Archiving"
    LEGAL_CLAIMS = "A17LegalClaims"

    @property
    def iri(self) -> str:
        return PREFIX + self.value

    @property
    def needs_evidence(self) -> bool:
        """Art. 12(5): the controller bears the burden of demonstrating it (also CJEU C-526/24 of 2026)."""
        return self in {Ground.MANIFESTLY_UNFOUNDED, Ground.MANIFESTLY_EXCESSIVE, Ground.MALICIOUS_INTENT}

    def fits(self, right: Right) -> bool:
        """The exemptions of Art. 17(3) refuse an erasure and nothing else."""
        return not self.value.startswith("A17") or right is Right.ERASURE
