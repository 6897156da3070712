"""Consents that callers bring at the same time share a transaction, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from privacy_svc.auditlog import EventType
from privacy_svc.consent import Brought, Intake, RecordConsent, Taken, current, history, object_to, subject_state
from privacy_svc.db import now
from privacy_svc.errors import Erased, InvalidBody, PrivacyError, UnknownCustomer
from privacy_svc.http import CustomerRef, KeyReused, Once
from privacy_svc.policy import PROFILING, PolicyHolder
from privacy_svc.vault import Subject
from tests.consent.conftest import CARE, MOTHER, Desk, wanted
from tests.consent.test_routes import OneCustomer
from tests.factories import check_log
from tests.policy.small import FILES

KEY = b"0193-a-key-of-the-shop"


@pytest.fixture
def intake(desk: Desk, tmp_path: Path) -> Intake:
    for name, content in FILES.items():
        path = tmp_path / "policies" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    directory: Any = Everybody(desk.subject)
    policies = PolicyHolder(tmp_path / "policies", interval=0, quiet=0)
    return Intake(desk.vault, desk.log, directory, policies, "https://privacy.example", desk.log.signer)


class Everybody(OneCustomer):
    """Of whom the shop also knows our ids."""

    def admit_each(self, session: Any, wanted: Any) -> Any:
        plain = super().admit_each(session, wanted)
        return [c.subject or found for (c, _), found in zip(wanted, plain, strict=True)]


def bring(desk: Desk, intake: Intake, *consents: RecordConsent, keys: Sequence[bytes] = ()) -> list[Taken | Exception]:
    brought = [
        Brought(Once("shop", "POST /v1/consents", keys[n] if keys else None), msgspec.json.encode(one), one, "shop")
        for n, one in enumerate(consents)
    ]
    with desk.database.write() as session:
        return intake.each(session, brought)


def answers(found: Sequence[Taken | Exception]) -> list[tuple[str, str]]:
    return [(one.answer.content.state, one.answer.content.current) for one in found if isinstance(one, Taken)]


def test_the_answer_tells_every_objection_that_is_heeded(desk: Desk, intake: Intake) -> None:
    """Also one to profiling, against a purpose that does it; birth dates and the like are not looked at for it."""
    path = intake.policies.folder / "purposes.yml"
    known = "      inherits: {profiling: the text has said so from the first version on}\n    minimum_age: 16\n"
    path.write_text(path.read_text().replace("    minimum_age: 16\n", f"{known}    profiling: true\n"))
    with desk.database.write() as session:
        object_to(session, desk.log, desk.subject, PROFILING, "shop")
        session.get_one(Subject, desk.subject).birth = b"garbage"
    with capture_logs() as told:
        (found,) = bring(desk, intake, wanted(guardian=MOTHER))
    assert isinstance(found, Taken)
    assert found.answer.content.objected
    assert [line["event"] for line in told] == ["policy.loaded"]


def test_each_is_answered_by_itself(desk: Desk, intake: Intake) -> None:
    """What is refused says why to whom it concerns, and the others hold, each with its entry of the log."""
    with desk.database.write() as session:
        other, gone = (desk.vault.create_subject(session).id for _ in range(2))
        desk.vault.erase(session, gone)
    found = bring(
        desk,
        intake,
        wanted(),
        msgspec.structs.replace(wanted(), customer=CustomerRef(id="4711")),
        msgspec.structs.replace(wanted(), customer=CustomerRef(subject=gone)),
        wanted(purpose="nothing"),
        msgspec.structs.replace(wanted("refused", purpose="care", notice=CARE), customer=CustomerRef(subject=other)),
    )
    kinds = [type(one) for one in found]
    assert kinds == [Taken, UnknownCustomer, Erased, InvalidBody, Taken]
    assert answers(found) == [("given", "given"), ("refused", "refused")]
    with desk.database.read() as session:
        assert [c.state for c in history(session, desk.subject)] == ["given"]
        assert [(c.state, c.purpose) for c in history(session, other)] == [("refused", "care")]
        assert subject_state(session, other, now()).version == 2
    said = [e for e in desk.entries() if e.type.startswith("consent:record")]
    assert [e.type for e in said] == [EventType.CONSENT_GIVEN, EventType.CONSENT_REFUSED]
    check_log(desk.database, desk.log)


def test_of_one_person_the_last_stands(desk: Desk, intake: Intake) -> None:
    """In the order in which they came, each with a state version; `current` is as of the end."""
    with desk.database.write() as session:
        object_to(session, desk.log, desk.subject, "news", "shop")
    found = bring(desk, intake, wanted(), wanted("withdrawn", notice=None), wanted("refused"))
    assert answers(found) == [("given", "refused"), ("withdrawn", "refused"), ("refused", "refused")]
    with desk.database.read() as session:
        (news,) = current(session, desk.subject, now())
        state = subject_state(session, desk.subject, now())
    assert [(c.state, c.state_version) for c in news.history] == [("refused", 5), ("withdrawn", 4), ("given", 3)]
    assert (state.version, state.objections) == (6, frozenset()), "who agrees objects no more"


def test_a_key_that_comes_twice_at_once_is_spent_once(desk: Desk, intake: Intake) -> None:
    """The second is answered from the first; with another body it is refused; a refusal spends no key."""
    keys = [KEY, KEY, KEY, b"another-key-of-the-shop"]
    found = bring(desk, intake, wanted(), wanted(), wanted("refused"), wanted(purpose="nothing"), keys=keys)
    first, again, reused, refused = found
    assert isinstance(first, Taken)
    assert isinstance(again, Taken)
    assert (again.answer.content, again.answer.headers) == (first.answer.content, {"Idempotent-Replayed": "true"})
    assert [type(reused), type(refused)] == [KeyReused, InvalidBody]
    (mended,) = bring(desk, intake, wanted("withdrawn"), keys=keys[3:])
    assert not isinstance(mended, PrivacyError)
    with desk.database.read() as session:
        assert [c.state for c in history(session, desk.subject)] == ["withdrawn", "given"]
