"""State versions rise, one for each change, however many write at once; nothing recorded is changed."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import event

import privacy_svc.consent
from privacy_svc.consent import history, object_to, restrict, subject_state, subject_states
from privacy_svc.db import Database, now
from privacy_svc.vault import Vault
from tests.consent.conftest import Desk


def test_concurrent_writers_get_distinct_rising_versions(desk: Desk) -> None:
    """Four threads, ten records each: versions 2 to 41, each once, and the subject is at the last."""
    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(lambda n: desk.say("given" if n % 2 else "withdrawn").state_version, range(40)))
    assert sorted(versions) == list(range(2, 42))
    with desk.database.read() as session:
        assert subject_state(session, desk.subject, now()).version == 41
        newest = max(history(session, desk.subject), key=lambda c: c.state_version)
        assert subject_state(session, desk.subject, now()).consents["news"].state == newest.state


def test_each_writer_sees_its_versions_rise(desk: Desk) -> None:
    """Objections and restrictions count too."""
    first = desk.say().state_version
    with desk.database.write() as session:
        second = object_to(session, desk.log, desk.subject, "statistics", "shop")
        third = restrict(session, desk.log, desk.subject, "dora")
    assert [first, second, third, desk.say("refused").state_version] == [2, 3, 4, 5]


def test_nothing_recorded_is_changed(desk: Desk) -> None:
    """No statement of the room updates or deletes consents, objections or restrictions."""
    seen: list[str] = []
    event.listen(desk.database.engine, "before_cursor_execute", lambda *a: seen.append(str(a[2])))
    desk.say()
    with desk.database.write() as session:
        object_to(session, desk.log, desk.subject, "news", "shop")
        restrict(session, desk.log, desk.subject, "dora")
    desk.say("withdrawn")
    desk.say()
    changed = [
        s for s in seen if re.match(r"\s*(UPDATE|DELETE FROM)\s+(consents|objections|restrictions)\b", s, re.IGNORECASE)
    ]
    assert any(s.startswith("INSERT INTO consents") for s in seen)
    assert changed == []


def test_the_room_has_no_word_for_changing() -> None:
    """Nor could it: `update` and `delete` are imported only where the suppression list, mailed links and people's
    versions are kept, and where sealed proofs go with the end of their key; there they speak of no other table."""
    room = Path(privacy_svc.consent.__file__).parent
    spoken = {
        "suppression.py": {"delete(Suppression)", "update(Suppression)"},
        "releasing.py": {"delete(Suppression)"},
        "versions.py": {"update(_SUBJECTS)"},
        "service.py": {"update(Consent)"},
        "confirming.py": {"delete(Confirmation)"},
        "posting.py": {"delete(Confirmation)", "delete(row)"},
    }
    for file in room.glob("*.py"):
        found = set(re.findall(r"\b(?:update|delete)\(\w*\)", file.read_text()))
        if re.search(r"from sqlalchemy import .*\b(update|delete)\b", file.read_text()):
            assert found == spoken.get(file.name), file.name


def test_thousands_are_read_in_few_statements(database: Database, vault: Vault, desk: Desk) -> None:
    """Four statements for each 500 people, and the same answer as one by one."""
    with database.write() as session:
        others = vault.create_subjects(session, 1200)
    for desk.subject in others[::400]:
        desk.say()
        desk.say("withdrawn")
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *a: statements.append(str(a[2])))
    with database.read() as session:
        states = subject_states(session, [*others, "nobody"], now())
        assert len([s for s in statements if s.startswith("SELECT")]) == 3 * 4
        assert list(states) == others
        for subject_id in others[::400]:
            assert states[subject_id] == subject_state(session, subject_id, now())
    assert {s.version for s in states.values()} == {1, 3}
