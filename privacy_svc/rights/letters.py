"""The letters a request causes, in plain words and in the person's language. Pure.

A refusal names the authority and the remedy (Art. 12(4) GDPR): it cannot be written without them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from privacy_svc.mail import Letter
from privacy_svc.policy import Organisation
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.states import Right
from privacy_svc.rights.words import say, spoken


class Letters:
    """Writes to one person; `language` is theirs, where it is known."""

    def __init__(self, organisation: Organisation, language: str | None) -> None:
        self._organisation = organisation
        self.language = spoken(organisation, language)

    def code(self, right: Right, digits: str, minutes: int) -> Letter:
        name = self._organisation.controller.name
        return self._letter(
            self._say("code.subject", name=name),
            self._say("code.what", what=self._say(right)),
            f"    {digits}",
            self._say("code.until", minutes=minutes),
        )

    def completed(self, right: Right, where: str, more: Iterable[str] = (), *, partly: bool = False) -> Letter:
        """`partly`: of an erasure, that something is left; `more` says what."""
        done = self._say(f"done.{right}.partly" if partly else f"done.{right}", where=where)
        return self._letter(self._say("done.subject"), self._say("asked", what=self._say(right)), done, *more)

    def address_changed(self) -> Letter:
        """To the address that is not theirs any more, or that somebody took from them."""
        return self._letter(self._say("moved.subject"), self._say("moved.what"), self._say("moved.if_not"))

    def link(self, until: datetime, most: int) -> str:
        return self._say("link.until", day=self._day(until), most=most)

    def certificate(self, where: str) -> str:
        return self._say("certificate.link", where=where)

    def kept(self, items: Iterable[Mapping[str, Any]], evidence_until: datetime | None) -> Iterator[str]:
        """What outlives an erasure: data on a ground of Art. 17(3), and the proofs for a claim."""
        grounds = sorted({(Ground(i["ground"]), i["law"], datetime.fromisoformat(i["keep_until"])) for i in items})
        said = [(self._say(ground), law, self._day(until)) for ground, law, until in grounds]
        if said:
            lines = (self._say("kept.item", ground=g, law=law, day=day) for g, law, day in dict.fromkeys(said))
            yield "\n".join([self._say("kept.some"), "", *lines])
        if evidence_until is not None:
            yield self._say("kept.evidence", day=self._day(evidence_until))

    def left(self, *, redacted: bool, accepted: bool) -> Iterator[str]:
        """After an erasure: the rest of texts, and places where what was found may stay."""
        if redacted:
            yield self._say("kept.redacted")
        if accepted:
            yield self._say("kept.accepted")

    def shared(self, *, corrected: bool = False) -> tuple[str, ...]:
        """Of records that are others' as well."""
        return (self._say("moved.shared" if corrected else "kept.shared"),)

    def refused(self, right: Right, ground: Ground, explanation: str) -> Letter:
        return self._letter(
            self._say("refused.subject"),
            self._say("refused.what", what=self._say(right)),
            self._say("refused.ground", ground=self._say(ground), explanation=explanation),
            *self._remedies(),
        )

    def reviewed(self, result: str, explanation: str) -> Letter:
        """`result`: `upheld` or `changed`."""
        why = self._say("review.why", explanation=explanation)
        remedies = self._remedies() if result == "upheld" else ()
        return self._letter(self._say("review.subject"), self._say(f"review.{result}"), why, *remedies)

    def restriction_ends(self, at: datetime, reason: str) -> Letter:
        return self._letter(
            self._say("ends.subject"),
            self._say("ends.what", day=self._day(at)),
            self._say("ends.why", reason=reason),
            self._say("ends.answer"),
            *self._remedies(),
        )

    def objection_overridden(self, purpose: str, grounds: str) -> Letter:
        return self._letter(
            self._say("override.subject"),
            self._say("override.what", purpose=purpose),
            self._say("override.grounds", grounds=grounds),
            *self._remedies(),
        )

    def _remedies(self) -> Iterator[str]:
        """What somebody can do whose request was not followed (Art. 12(4))."""
        authority = self._organisation.authority
        place = ", ".join(part for part in (authority.name, authority.address, authority.email) if part)
        yield self._say("refused.authority", authority=place)
        yield self._say("refused.court")

    def extended(self, right: Right, reason: str, due_at: datetime) -> Letter:
        return self._letter(
            self._say("extended.subject"),
            self._say("extended.what", what=self._say(right), reason=self._say(reason)),
            self._say("extended.until", day=self._day(due_at)),
        )

    def question(
        self, right: Right, about: str, text: str, until: datetime, *, stops_clock: bool, again: bool = False
    ) -> Letter:
        return self._letter(
            self._say("reminder.subject" if again else "question.subject"),
            self._say(f"question.{about}", what=self._say(right)),
            self._say("question.text", question=text),
            self._say("question.answer", day=self._day(until)),
            *([self._say("question.stops")] if stops_clock else []),
        )

    def recipients(self, right: Right, told: Sequence[tuple[str, datetime | None, bool]]) -> Letter:
        """To the person (Art. 19, second sentence); `told`: name, when, and whether it is impossible."""
        lines = [
            self._say("told.on", name=name, day=self._day(at))
            if at
            else self._say("told.exempt" if impossible else "told.yet", name=name)
            for name, at, impossible in told
        ]
        asked = self._say("told.what", what=self._say(right))
        return self._letter(self._say("told.subject"), asked, "\n".join(lines) or self._say("told.nobody"))

    def to_recipient(
        self, right: Right, recipient: str, reference: str, identifier: str | None, *, lifted: bool = False
    ) -> Letter:
        """To a recipient (Art. 19, first sentence). Says no more of the person than what they call them themselves."""
        known = {"reference": reference} | ({"identifier": identifier} if identifier else {})
        please = self._say("notice.lifted" if lifted else f"notice.{right}")
        about = {"recipient": recipient, "article": right.article, "please": please}
        return self._letter(
            self._say("notice.subject", article=right.article, reference=reference),
            self._say("notice.what", **about),
            self._say("notice.known" if identifier else "notice.unknown", **known),
            self._say("notice.answer"),
        )

    def _letter(self, subject: str, *paragraphs: str) -> Letter:
        dpo = self._organisation.dpo
        named = f"{dpo.name}, {dpo.email}" if dpo.email else dpo.name
        closing = f"{self._organisation.controller.name}\n{self._say('dpo', dpo=named)}"
        return Letter(subject, "\n\n".join([self._say("hello"), *paragraphs, closing]) + "\n")

    def _say(self, key: str, **blanks: object) -> str:
        return say(self.language, key, **blanks)

    def _day(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self._organisation.time_zone)).date().isoformat()


def to_the_dpo(lines: Sequence[str], where: str, token: str) -> Letter:
    """What needs the DPO's attention: requests by id, nobody by name. In English, as the console is. The same
    alerts sent again have the same Message-ID (RFC 5322 §3.6.4), by which mail programs show them once."""
    text = "\n".join(["These requests need your attention:", "", *lines, "", f"The console: {where}/dpo", ""])
    count = "1 request needs" if len(lines) == 1 else f"{len(lines)} requests need"
    return Letter(f"{count} your attention", text, {"Message-ID": f"<{token}@privacy-svc.invalid>"})


def to_do(title: str, instructions: str, request_id: str, right: str, where: str) -> Letter:
    """What a person has to do for a request; it names nobody. In English, as the console is."""
    lines = [
        f"Request {request_id} ({right.replace('_', ' ')}) waits for you: {title}.",
        "",
        instructions,
        "",
        "Ask your data protection officer who it is about. When it is done, say by what that is shown:",
        f"privacy-svc connectors done {request_id} …, or {where}/dpo",
        "",
    ]
    return Letter(
        f"To do for a rights request: {title}",
        "\n".join(lines),
        {"Message-ID": f"<{request_id}.{_word(title + right)}@privacy-svc.invalid>"},
    )


def _word(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
