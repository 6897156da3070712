"""Checks that SQL cannot do: they open sealed log payloads, recompute the tree, read the policy, look at key files."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from privacy_svc.audits.context import Context, Evidence
from privacy_svc.audits.on_keys import KEY_CHECKS
from privacy_svc.audits.on_log import LOG_CHECKS
from privacy_svc.audits.on_people import PEOPLE_CHECKS
from privacy_svc.audits.on_policy import POLICY_CHECKS
from privacy_svc.audits.on_releases import RELEASES

Find = Callable[[Context], Iterable[Evidence]]


@dataclass(frozen=True, slots=True)
class Builtin:
    find: Find
    span: str | None = None
    """The one name of `days` that it reads."""


_SPANS = dict.fromkeys(RELEASES, "window") | {"kept_beyond_retention": "grace"}
_ALL: Mapping[str, Find] = {**RELEASES, **PEOPLE_CHECKS, **POLICY_CHECKS, **KEY_CHECKS, **LOG_CHECKS}
BUILTINS: Mapping[str, Builtin] = {name: Builtin(find, _SPANS.get(name)) for name, find in _ALL.items()}
