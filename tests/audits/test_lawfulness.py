"""What is wrong with a use, by what its person had said."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from privacy_svc.audits.lawfulness import History, Said, Wrong, wrongs
from privacy_svc.audits.uses import Use
from privacy_svc.policy import PolicySet, SpecialCondition, load_policies
from tests.audits.conftest import REPOSITORY

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
EARLIER = AT - timedelta(days=9)


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """Support rests on the contract, and may see health data with explicit consent."""
    folder = shutil.copytree(REPOSITORY / "policies", tmp_path_factory.mktemp("p") / "policies")
    shop = folder / "datasets/shop.yml"
    was = "name: subscribed_at\n            data_categories: [user.privacy_preferences]"
    assert was in shop.read_text()
    shop.write_text(shop.read_text().replace(was, was.replace("privacy_preferences", "health_and_medical")))
    found = load_policies(folder)
    support = found.purposes["service.support"]
    health = (*support.categories, "user.health_and_medical")
    support = replace(support, categories=health, special_condition=SpecialCondition.EXPLICIT_CONSENT)
    return replace(found, purposes={**found.purposes, support.key: support})


def _said(state: str, *, explicit: bool = True, valid_until: datetime | None = None) -> History:
    return History(consents=[Said("service.support", state, explicit, EARLIER, valid_until, EARLIER)])


_CASES = [
    (History(), {Wrong.NO_CONSENT}),
    (_said("given"), set()),
    (_said("withdrawn"), {Wrong.WITHDRAWN}),
    (_said("given", valid_until=AT - timedelta(days=1)), {Wrong.EXPIRED}),
    (_said("given", explicit=False), {Wrong.SPECIAL}),
]


@pytest.mark.parametrize(("history", "found"), _CASES)
def test_special_data_on_explicit_consent_need_that_consent(
    policies: PolicySet, history: History, found: set[Wrong]
) -> None:
    """Art. 9(2)(a): given, not withdrawn, not over, and explicit, at the moment of the use. What is not special goes by
    the purpose's own basis."""
    use = Use("e", AT, "support", "support", "service.support", "ana", (), policies.version)
    special = replace(use, fields=("newsletter_subscriptions.subscribed_at",))
    assert set(wrongs(special, policies, history, AT)) == found
    assert set(wrongs(replace(use, fields=("email",)), policies, history, AT)) == set()
