"""Findings that somebody accepted for a while: `accepted.yml`, with a reason, a name and a last day."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from privacy_svc.policy import Block, Faults, Node

ACCEPTED = "accepted.yml"
_KEYS = ("check", "evidence", "reason", "by", "until")


@dataclass(frozen=True, slots=True)
class Acceptance:
    check: str
    evidence: str
    """The pseudonym as the report shows it."""
    reason: str
    by: str
    until: date
    """From this local day on it is a finding again."""


def read_accepted(root: Node | None, checks: Collection[str], faults: Faults) -> Iterator[Acceptance]:
    for node in Block(root, faults, ("accepted",)).items("accepted"):
        block = Block(node, faults, _KEYS, "an accepted finding")
        until = _day(block)
        found = Acceptance(
            block.word("check", checks, required=True, what="check"),
            block.text("evidence", required=True),
            block.text("reason", required=True),
            block.text("by", required=True),
            until or date.min,
        )
        if until is not None:
            yield found


def _day(block: Block) -> date | None:
    text = block.text("until", required=True)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        block.fault("until", "'until' must be a day such as 2027-03-31: nothing is accepted for ever")
        return None
