"""Findings that somebody accepted for a while: `accepted.yml`, with a reason, a name and a last day."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from privacy_svc.policy import Block, Faults, Node

ACCEPTED = "accepted.yml"
LONGEST = timedelta(days=366)
_KEYS = ("check", "evidence", "reason", "by", "since", "until")


@dataclass(frozen=True, slots=True)
class Acceptance:
    check: str
    evidence: str
    """The pseudonym as the report shows it."""
    reason: str
    by: str
    since: date
    """The local day on which it was accepted."""
    until: date
    """From this local day on it is a finding again; at most a year later."""

    def stands(self, day: date) -> bool:
        return self.since <= day < self.until


def read_accepted(root: Node | None, checks: Collection[str], faults: Faults) -> Iterator[Acceptance]:
    for node in Block(root, faults, ("accepted",)).items("accepted"):
        block = Block(node, faults, _KEYS, "an accepted finding")
        since, until = _day(block, "since"), _day(block, "until")
        found = Acceptance(
            block.word("check", checks, required=True, what="check"),
            block.text("evidence", required=True),
            block.text("reason", required=True),
            block.text("by", required=True),
            since or date.min,
            until or date.min,
        )
        if since is None or until is None:
            continue
        if timedelta(0) < until - since <= LONGEST:
            yield found
        else:
            block.fault("until", "'until' must be after 'since', and at most a year: then look at it anew")


def _day(block: Block, key: str) -> date | None:
    text = block.text(key, required=True)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        block.fault(key, f"{key!r} must be a day such as 2027-03-31: nothing is accepted for ever")
        return None
