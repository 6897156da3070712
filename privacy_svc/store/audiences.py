"""Audiences: who of all customers, or of a list, may be used for a purpose. One question, answered for a million.

The answer is that of single evaluations at one moment, the same for everybody. It is logged as one entry, with the
totals and a commitment to its people, before any of it is given out. Of somebody whom only the store knows nothing is
kept while they are denied; who is permitted becomes a subject, as by any other use.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import msgspec

from privacy_svc.db import Database
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
TRIES = 4
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
        given = list(chunks(dict.fromkeys(keys), CHUNK)) if keys is not None else None
        for _ in range(TRIES):
            selection = self._begin(question, terms, collection)
            pieces = selection.everybody(CHUNK) if given is None else given
            with closing(selection.reasons(pieces, existing=keys is None)) as found:
                lines = [_lines(piece, reasons) for piece, reasons in found]
            if selection.lacking:
                pieces = selection.everybody(CHUNK) if given is None else given
                given = selection.prepare(
                    pieces, existing=keys is None
                )  # who comes to the store from now on is not of it
            elif entry_id := _logged(selection):
                return Audience(lines, selection.totals, selection.at, selection.policy_version, entry_id)
        raise Conflict("People are being erased while the audience is made; ask again.")

    def page(self, question: Question, terms: Terms, collection: Collection, after: str | None, limit: int) -> Page:
        """At most `limit` permitted customers beyond the key `after`; fewer, and where to go on, when few are. Nobody
        is looked at where the module may not work for the purpose at all."""
        decider = self._pdp.decider()
        refused = decider.refusal(question)
        if refused is not None:
            return Page([], None, decider.policies.version, self._pdp.log_refusal(self._database, question, refused))
        for _ in range(TRIES):
            selection = self._begin(question, terms, collection)
            keys, seen, end = _first(selection, after, limit)
            if selection.lacking and not seen:
                selection.prepare(islice(selection.everybody(limit, after), 1), existing=True)
            elif not seen:
                return Page([], None, selection.policy_version, None)
            elif entry_id := _logged(selection):
                return Page(keys, end, selection.policy_version, entry_id)
        raise Conflict("People are being erased while they are searched for; ask again.")

    def _begin(self, question: Question, terms: Terms, collection: Collection) -> Selection:
        return Selection(self._stores, self._database, self._pdp, self._pdp.decider(), question, terms, collection)


def _first(selection: Selection, after: str | None, limit: int) -> tuple[list[str], int, str | None]:
    """At most `limit` keys of permitted people, how many were looked at, and where to go on."""
    keys, seen, end = list[str](), 0, after
    with closing(selection.reasons(selection.everybody(limit, after), existing=True)) as found:
        for piece, reasons in found:
            keys += [key for key, reason in zip(piece, reasons, strict=True) if not reason]
            seen, end = seen + len(piece), piece[-1]
            if len(keys) >= limit or seen >= MOST_SEEN:
                break
        else:
            end = end if selection.lacking else None
    return (keys[:limit], seen, keys[limit - 1]) if len(keys) > limit else (keys, seen, end)


def _logged(selection: Selection) -> str | None:
    """The id of the entry. None where somebody was erased between the decision and its entry, or the month ended."""
    try:
        return selection.log()
    except (Conflict, NotFound):
        return None


class Line(msgspec.Struct, omit_defaults=True):
    """Of one customer, on the wire."""

    id: str
    decision: bool
    reason: str | None = None


def _lines(keys: Sequence[str], reasons: Sequence[str]) -> bytes:
    return _encode([Line(key, not why, why or None) for key, why in zip(keys, reasons, strict=True)])
