"""Audiences: who of all customers, or of a list, may be used for a purpose. One question, answered for a million.

The answer is that of single evaluations at the moment it was decided. It is logged as one entry, with the totals and
a commitment to its people, before any of it is given out. Of somebody whom only the store knows nothing is kept
while they are denied; who is permitted becomes a subject, as by any other use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from privacy_svc.db import Database, each_ahead
from privacy_svc.errors import Conflict, NotFound
from privacy_svc.policy import Collection, PolicyHolder
from privacy_svc.store.binding import Stores
from privacy_svc.store.evaluating import Terms
from privacy_svc.store.pdp import DecisionPoint, Question, known_purpose
from privacy_svc.store.rows import chunks
from privacy_svc.store.selecting import Selection, Totals

CHUNK = 10_000
MOST_SEEN = 10_000
"""People looked at for one page of a search."""
LOOKING = 2
"""Chunks that the database looks at at a time, each on a core of its own."""
TRIES = 3
_encode = msgspec.json.Encoder().encode_lines


@dataclass(frozen=True, slots=True)
class Audience:
    """`lines`: a line of JSON a customer, thousands to a piece; `decided_at`: what is said holds for that moment."""

    lines: Sequence[bytes]
    totals: Totals
    decided_at: datetime
    policy_version: str
    decision_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Keys of permitted customers; `after`: where to go on, None at the end."""

    keys: Sequence[str]
    after: str | None
    policy_version: str
    decision_id: str | None


class Audiences:
    def __init__(self, policies: PolicyHolder, stores: Stores, database: Database, pdp: DecisionPoint) -> None:
        self._policies, self._stores, self._database, self._pdp = policies, stores, database, pdp

    def find(
        self, question: Question, terms: Terms, collection: Collection, keys: Sequence[str] | None = None
    ) -> Audience:
        """Everybody of an identity collection, or those with these keys, once each. Raises UnknownPurpose,
        NotPermitted where the module may not work for the purpose at all."""
        known_purpose(self._policies.current, question.purpose)
        self._pdp.require_granted(self._database, question)
        for _ in range(TRIES):
            selection = self._begin(question, terms, collection)
            pieces = selection.everybody(CHUNK) if keys is None else chunks(dict.fromkeys(keys), CHUNK)
            looked = each_ahead(pieces, selection.look, LOOKING)
            lines = [_lines(p, selection.decide(p, found, existing=keys is None)) for p, found in looked]
            try:
                entry_id = selection.log()
            except (Conflict, NotFound):
                continue  # somebody was erased between the decision and its entry, or the month ended
            return Audience(lines, selection.totals, selection.at, selection.policy_version, entry_id)
        raise Conflict("People are being erased while the audience is made; ask again.")

    def page(self, question: Question, terms: Terms, collection: Collection, after: str | None, limit: int) -> Page:
        """At most `limit` permitted customers beyond the key `after`; fewer, and where to go on, when few are. Nobody
        is looked at where the module may not work for the purpose at all."""
        decider = self._pdp.decider()
        if decider.refusal(question) is not None:
            return Page([], None, decider.policies.version, None)
        selection = self._begin(question, terms, collection)
        keys, seen, end = list[str](), 0, after
        for piece in selection.everybody(limit, after):
            reasons = selection.decide(piece, selection.look(piece), existing=True)
            keys += [key for key, reason in zip(piece, reasons, strict=True) if not reason]
            seen, end = seen + len(piece), piece[-1]
            if len(keys) >= limit or seen >= MOST_SEEN:
                break
        else:
            end = None
        if len(keys) > limit:
            keys, end = keys[:limit], keys[limit - 1]
        return Page(keys, end, selection.policy_version, selection.log() if seen else None)

    def _begin(self, question: Question, terms: Terms, collection: Collection) -> Selection:
        return Selection(self._stores, self._database, self._pdp, self._pdp.decider(), question, terms, collection)


class Line(msgspec.Struct, omit_defaults=True):
    """Of one customer, on the wire."""

    id: str
    decision: bool
    reason: str | None = None


def _lines(keys: Sequence[str], reasons: Sequence[str]) -> bytes:
    return _encode([Line(key, not why, why or None) for key, why in zip(keys, reasons, strict=True)])
