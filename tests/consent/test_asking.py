"""Who said no is left alone for as long as the policy says; who said yes may be asked again before it runs out."""

from datetime import UTC, datetime, timedelta

import pytest

from privacy_svc.consent.asking import REFRESH, ask_from
from privacy_svc.http import Role
from privacy_svc.policy import ConsentRule
from tests.consent.test_routes import NEWS, Web, web
from tests.policy.small import PURPOSES, compiled

__all__ = ["web"]

SINCE = datetime(2026, 1, 31, tzinfo=UTC)
END = datetime(2028, 1, 31, tzinfo=UTC)
RULE = ConsentRule("news", "P24M", ask_again="P1M")


@pytest.mark.parametrize(
    ("state", "until", "expected"),
    [
        ("refused", None, datetime(2026, 2, 28, tzinfo=UTC)),
        ("withdrawn", None, datetime(2026, 2, 28, tzinfo=UTC)),
        ("given", END, END - REFRESH),
        ("given", SINCE + timedelta(days=3), SINCE),
        ("given", None, None),
        ("requested", None, None),
        ("expired", SINCE, SINCE),
        ("invalidated", None, SINCE),
    ],
)
def test_when_somebody_may_be_asked(state: str, until: datetime | None, expected: datetime | None) -> None:
    """After a no the policy's time, after a yes a month before its end, never while a link waits to be confirmed."""
    assert ask_from(RULE, state, SINCE, until) == expected
    assert ask_from(None, state, SINCE, until) is None


def test_a_refusal_is_remembered(web: Web) -> None:
    """A module learns from when on the person may be asked again: after half a year, unless the policy says else."""
    web("POST", "/v1/consents", NEWS | {"state": "refused"})
    (news,) = web("GET", "/v1/customers/1001/consents", role=Role.MODULE)[1]["consents"]
    since, again = (datetime.fromisoformat(news[name]) for name in ("since", "ask_from"))
    assert timedelta(days=180) < again - since < timedelta(days=185)


def test_the_policy_says_how_long() -> None:
    """`ask_again` is a duration of the purpose's consent."""
    policies = compiled(
        **{"purposes.yml": PURPOSES.replace("covered_since: 2", "covered_since: 2\n      ask_again: P2Y")}
    )
    rule = policies.purposes["news"].consent
    assert rule is not None
    assert rule.ask_again == "P2Y"
