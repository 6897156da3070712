"""Whom a module may use for a purpose, read as it comes."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from privacy_svc.client import answers
from privacy_svc.client.answers import Member, Totals
from privacy_svc.client.errors import Unanswered
from privacy_svc.client.transport import Transport


class Audience:
    """Iterate it once: a member for each customer, as they arrive. `totals` afterwards.

    A stream that is cut off raises Unanswered: what came before it was decided, what did not come is a no.
    """

    def __init__(self, wire: Transport, body: Mapping[str, Any]) -> None:
        self._wire, self._body = wire, body
        self._guard: Callable[[Iterator[Member]], Iterator[Member]] = iter
        self._totals: Totals | None = None

    @property
    def totals(self) -> Totals:
        """Raises Unanswered before the end was read."""
        if self._totals is None:
            raise Unanswered("The audience was not read to its end.")
        return self._totals

    def guarded(self, guard: Callable[[Iterator[Member]], Iterator[Member]]) -> Self:
        """For who asks on behalf of others: `guard` sees each member before they do."""
        self._guard = guard
        return self

    def __iter__(self) -> Iterator[Member]:
        return self._guard(self._members())

    def _members(self) -> Iterator[Member]:
        with self._wire.stream("POST", "/v1/audiences", body=self._body) as response:
            for line in response.iter_lines():
                try:
                    got = json.loads(line)
                    if "totals" in got:
                        self._totals = answers.totals(got)
                        return
                    member = Member(got["id"], got["decision"] is True, got.get("reason"))
                except (KeyError, TypeError, ValueError):
                    raise Unanswered("A line of the audience cannot be understood.") from None
                yield member
        raise Unanswered("The audience was cut off before its end: who did not come is a no.")

    def permitted(self) -> Iterator[str]:
        """The keys of those who may be used."""
        return (member.id for member in self if member.permitted)
