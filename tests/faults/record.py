"""What a client was told. The checker believes nothing else."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Said:
    """One change as it was sent: `tag` is found again in what the service holds. Without `certain` nobody answered,
    and it was not sent again: it may have happened or not."""

    tag: str
    value: str
    certain: bool


@dataclass
class Record:
    """Of one client, in the order of its own calls for each customer. `entries`: ids of log entries, decisions and
    reads included. `running`: requests whose person was verified, and which must end. `wrong`: answers that no fault
    excuses."""

    consents: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))
    writes: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))
    entries: set[str] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    erasing: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    answered: int = 0
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, *, answered: bool) -> None:
        with self.lock:
            if answered:
                self.answered += 1
            else:
                self.unanswered += 1

    def told(self) -> str:
        consents = sum(len(c) for c in self.consents.values())
        return (
            f"{self.answered} calls answered, {self.unanswered} not; {consents} consents, {len(self.entries)} entries, "
            f"{len(self.requests)} requests, {len(self.erased)} people erased"
        )


def fits(found: list[str], said: list[Said]) -> bool:
    """Whether what was found, in order, is what was said: everything certain once, anything uncertain at most once."""
    rest = iter(found)
    here = next(rest, None)
    for one in said:
        if here == one.tag:
            here = next(rest, None)
        elif one.certain:
            return False
    return here is None
