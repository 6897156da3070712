"""Consents that were imported without proof."""

import pytest

from privacy_svc.policy import ConsentFact, ReasonCode, decide
from tests.policy.small import FILES, NOW, compiled, somebody

UNPROVEN, OUTDATED = ReasonCode.CONSENT_UNPROVEN, ReasonCode.CONSENT_NOTICE_OUTDATED
BARE = ConsentFact("given", "", 0, None, proven=False)
SHOWN = ConsentFact("given", "news", 2, None, proven=False)
OLDER = ConsentFact("given", "news", 1, None, proven=False)


@pytest.mark.parametrize(
    ("accepts", "since", "fact", "reasons"),
    [
        (False, 1, BARE, [UNPROVEN]),
        (False, 1, SHOWN, [UNPROVEN]),
        (False, 2, BARE, [UNPROVEN, OUTDATED]),
        (True, 1, BARE, []),
        (True, 2, BARE, [OUTDATED]),
        (True, 2, SHOWN, []),
        (True, 2, OLDER, [OUTDATED]),
        (True, 1, ConsentFact("given", "", 0, None), [OUTDATED]),
        (True, 1, ConsentFact("withdrawn", "", 0, None, proven=False), [ReasonCode.CONSENT_WITHDRAWN]),
    ],
)
def test_they_count_where_the_policy_says_so(
    accepts: bool, since: int, fact: ConsentFact, reasons: list[ReasonCode]
) -> None:
    """As given to the first text: when the purpose widens they end. By default they permit nothing."""
    said = f"covered_since: {since}" + ("\n      accept_imported: true" if accepts else "")
    policies = compiled(**{"purposes.yml": FILES["purposes.yml"].replace("covered_since: 2", said)})
    found = decide(policies, "mail", "news", [], somebody(consents={"news": fact}), NOW)
    assert [r.code for r in found.reasons] == reasons
    assert found.permit_all is not bool(reasons)
