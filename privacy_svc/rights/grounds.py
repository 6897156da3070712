"""On which grounds a request may be refused: codes of the W3C Data Privacy Vocabulary, DPV 2.3 eu-gdpr
(https://w3id.org/dpv/legal/eu/gdpr#Justification…). Closed: a ground that is not here is none. Pure.

A ground is chosen by a named person with an explanation, never by a rule.
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
    def sentence(self) -> str:
        return _SENTENCES[self]

    def fits(self, right: Right) -> bool:
        """The exemptions of Art. 17(3) refuse an erasure and nothing else."""
        return not self.value.startswith("A17") or right is Right.ERASURE


_SENTENCES = {
    Ground.IDENTITY_FAILURE: "We could not establish that the request comes from you (Art. 12(2) and (6) GDPR).",
    Ground.MANIFESTLY_UNFOUNDED: "The request is manifestly unfounded (Art. 12(5) GDPR).",
    Ground.MANIFESTLY_EXCESSIVE: "The request is manifestly excessive, above all by repetition (Art. 12(5) GDPR).",
    Ground.MALICIOUS_INTENT: "The request serves another aim than the protection of your data (Art. 12(5) GDPR).",
    Ground.FREEDOM_OF_EXPRESSION: (
        "The data are needed to exercise the right of freedom of expression and information (Art. 17(3)(a) GDPR)."
    ),
    Ground.LEGALLY_REQUIRED: "A law obliges us to keep the data (Art. 17(3)(b) GDPR).",
    Ground.OFFICIAL_AUTHORITY: (
        "The data are needed for a task in the public interest or in the exercise of official authority "
        "(Art. 17(3)(b) GDPR)."
    ),
    Ground.PUBLIC_HEALTH: "The data are needed in the public interest of public health (Art. 17(3)(c) GDPR).",
    Ground.ARCHIVING: (
        "The data are needed for archiving in the public interest, research or statistics (Art. 17(3)(d) GDPR)."
    ),
    Ground.LEGAL_CLAIMS: "The data are needed to establish, exercise or defend legal claims (Art. 17(3)(e) GDPR).",
}
