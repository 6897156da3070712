"""Checks that SQL cannot do: they open sealed log payloads, recompute the tree, read the policy, look at key files."""

from collections.abc import Callable, Iterable, Mapping

from privacy_svc.audits.context import Context, Evidence
from privacy_svc.audits.on_keys import KEY_CHECKS
from privacy_svc.audits.on_log import LOG_CHECKS
from privacy_svc.audits.on_people import PEOPLE_CHECKS
from privacy_svc.audits.on_policy import POLICY_CHECKS
from privacy_svc.audits.on_releases import RELEASES

BUILTINS: Mapping[str, Callable[[Context], Iterable[Evidence]]] = {
    **RELEASES,
    **PEOPLE_CHECKS,
    **POLICY_CHECKS,
    **KEY_CHECKS,
    **LOG_CHECKS,
}
