"""People's keys and the blind index replaced while the store is in use."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.runtime import Runtime
from privacy_svc.store import (
    begin_index,
    continue_rotation,
    fill_index,
    finish_rotation,
    replace_keys,
    seal,
    unseal,
    walk,
)
from privacy_svc.store.model import IndexEntry
from privacy_svc.vault import Kind, Restored, Tampered
from privacy_svc.vault.format import from_text, generation_of
from privacy_svc.vault.model import IndexRoot, Subject, SubjectKey
from tests.factories import check_log
from tests.shop import ANA
from tests.store.test_sealing import Interrupted, dump
from tests.vault.test_restoring import again, back_up, replay, restore

AT_ONCE = timedelta(0)


def generations(shop: Runtime) -> set[int]:
    """Of all sealed values in the store."""
    return set(_generations(shop))


def _generations(shop: Runtime) -> Iterator[int]:
    for collection in shop.policies.current.data_map.collections():
        bound = shop.stores.bind(collection)
        with shop.stores.read("shop") as connection:
            for row in connection.execute(bound.table.select()).mappings():
                yield from (generation_of(from_text(v)) for f in collection.sealed if (v := row[f.name]))


def living(shop: Runtime) -> dict[int, int]:
    with shop.database.read() as session:
        return shop.vault.status(session).data_generations


def find(shop: Runtime) -> str | None:
    with shop.database.read() as session:
        return shop.directory.find(session, CustomerRef(email=ANA["email"]))


def test_people_get_new_keys(shop: Runtime) -> None:
    """After a rotation every value is sealed by the new keys, the old ones are destroyed, the original rows come back,
    and the log verifies with everybody's old entries still theirs."""
    before = dump(shop)
    seal(shop.sealer("test"))
    subject_id = find(shop)
    assert subject_id is not None
    with shop.database.read() as session:
        tag = shop.vault.cipher(session, subject_id).tag("audit-tag|2026-11")
    made = replace_keys(shop.sealer("test"), now())
    assert made == living(shop)[2] > 30
    first = finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE)
    assert (first.retired, first.waiting) == (0, made)
    assert first.resealed > made
    assert replace_keys(shop.sealer("test"), now()) == 0, "nobody gets a third key while two live"
    assert continue_rotation(shop.sealer("test"), shop.holders) is None, "too early"
    second = continue_rotation(shop.sealer("test"), shop.holders, AT_ONCE)
    assert second is not None
    assert (second.resealed, second.retired, second.waiting) == (0, made, 0)
    assert continue_rotation(shop.sealer("test"), shop.holders, AT_ONCE) is None, "nothing is left to do"
    assert generations(shop) == {2}
    with shop.database.read() as session:
        old = select(Subject.kind).join(SubjectKey, SubjectKey.subject_id == Subject.id)
        old = old.where(SubjectKey.generation == 1, SubjectKey.use == "data", SubjectKey.wrapped.is_not(None))
        assert session.scalars(old).all() == ["organisation"]
        assert shop.vault.cipher(session, subject_id).tag("audit-tag|2026-11") == tag
    check_log(shop.database, shop.log)
    unseal(shop.sealer("test"))
    assert dump(shop) == before


def test_nothing_is_destroyed_too_early(shop: Runtime) -> None:
    """Within the settling time older keys live on: somebody may just be writing with one."""
    seal(shop.sealer("test"))
    made = replace_keys(shop.sealer("test"), now())
    for _ in range(3):
        done = finish_rotation(shop.sealer("test"), shop.holders, timedelta(minutes=15))
        assert (done.retired, done.waiting) == (0, made)


def test_a_value_of_an_older_key_keeps_it_alive(shop: Runtime) -> None:
    """A value written with the old key after the pass is met by the next one, sealed anew, and not lost."""
    seal(shop.sealer("test"))
    with shop.stores.read("shop") as connection:
        late = connection.execute(text("SELECT email FROM customers WHERE id = 1")).scalar_one()
    replace_keys(shop.sealer("test"), now())
    finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE)
    with shop.stores.write("shop") as connection:
        connection.execute(text("UPDATE customers SET email = :late WHERE id = 1"), {"late": late})
    assert finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE).retired == 0
    assert finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE).waiting == 0
    assert find(shop) is not None


def test_a_rotation_that_was_broken_off_goes_on(shop: Runtime) -> None:
    """Stopped in the middle, everything reads; run again, it ends as if undisturbed."""

    def stop(collection: str, done: int, _total: int) -> None:
        if collection == "shop.orders" and done:
            raise Interrupted

    before = dump(shop)
    seal(shop.sealer("test"))
    replace_keys(shop.sealer("test"), now())
    with pytest.raises(Interrupted):
        finish_rotation(replace(shop.sealer("test"), progress=stop), shop.holders, AT_ONCE)
    assert generations(shop) == {1, 2}
    assert find(shop) is not None
    while finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE).waiting:
        pass
    assert generations(shop) == {2}
    unseal(shop.sealer("test"))
    assert dump(shop) == before


def test_a_retired_key_is_not_an_erasure(shop: Runtime) -> None:
    """A value of a generation that was rotated away is Tampered, with an alarm, never Erased: nobody was erased."""
    seal(shop.sealer("test"))
    with shop.stores.read("shop") as connection:
        old = connection.execute(text("SELECT email FROM customers WHERE id = 1")).scalar_one()
    subject_id = find(shop)
    assert subject_id is not None
    replace_keys(shop.sealer("test"), now())
    while finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE).waiting:
        pass
    with shop.database.read() as session, pytest.raises(Tampered):
        shop.vault.cipher(session, subject_id).open_text(1003, "1", old)


def test_the_index_gets_a_new_key(shop: Runtime) -> None:
    """People are found before, during and after the index is rebuilt; afterwards nothing of the old one is left."""
    seal(shop.sealer("test"))
    with shop.database.read() as session:
        old = session.scalars(select(IndexEntry.value)).all()
    for _ in range(2):
        assert begin_index(shop.sealer("test")) == 2
        assert find(shop) is not None
    assert fill_index(shop.sealer("test")) == len(old)
    assert find(shop) is not None
    with shop.database.read() as session:
        assert set(session.scalars(select(IndexRoot.generation))) == {2}
        assert set(session.scalars(select(IndexEntry.generation))) == {2}
        assert not set(old) & set(session.scalars(select(IndexEntry.value)))
        assert shop.vault.status(session).index_generations == {2: True}


def test_what_is_written_meanwhile_is_in_both(shop: Runtime) -> None:
    """A value written while the index is rebuilt is found at once and afterwards, and filling does not put an older
    value back."""
    seal(shop.sealer("test"))
    begin_index(shop.sealer("test"))
    with shop.stores.write("shop") as connection:
        connection.execute(text("UPDATE customers SET email = 'new@mail.example' WHERE id = 2"))
    seal(shop.sealer("test"))
    with shop.database.read() as session:
        of_two = select(func.count()).where(IndexEntry.field_id == 1003, IndexEntry.row == "2")
        assert session.scalar(of_two) == 2
    fill_index(shop.sealer("test"))
    with shop.database.read() as session:
        assert session.scalar(of_two) == 1
        assert shop.directory.find(session, CustomerRef(email="new@mail.example")) is not None


@pytest.mark.parametrize(("row", "kept"), [("999999", False), ("3", True)])
def test_an_entry_alone_keeps_the_old_index(shop: Runtime, row: str, *, kept: bool) -> None:
    """While an entry of a row that is there has no new one beside it, the old index and its key stay; entries of rows
    the CRM deleted go."""
    seal(shop.sealer("test"))
    begin_index(shop.sealer("test"))
    with shop.database.write() as session:
        lonely = {"field_id": 1003, "normaliser": "name", "row": row, "generation": 1, "subject_id": "s", "value": 1}
        session.execute(IndexEntry.__table__.insert(), [lonely])
    if kept:
        with pytest.raises(Conflict, match="1 index entries"):
            fill_index(shop.sealer("test"))
    else:
        fill_index(shop.sealer("test"))
    with shop.database.read() as session:
        assert len(shop.vault.index_roots(session)) == (2 if kept else 1)
    assert find(shop) is not None


def test_a_backup_from_before_a_rotation(shop: Runtime) -> None:
    """Everything was sealed anew since, and the older keys are destroyed: the restored key tables are refused, and
    after the replay the store opens with the keys made since."""
    seal(shop.sealer("test"))
    before = back_up(shop.database)
    replace_keys(shop.sealer("test"), now())
    while finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE).waiting:
        pass
    restore(shop.database, before, subjects=False)
    vault = again(shop.vault)
    with shop.database.read() as session, pytest.raises(Restored):
        vault.ledger.check(session)
    kinds, recovered = replay(shop.database, vault)
    assert kinds == [Kind.KEYS_ROTATED]
    assert recovered.lost == 0
    with shop.database.read() as session:
        vault.ledger.check(session)
    subject_id = find(shop)
    assert subject_id is not None
    with shop.database.read() as session:
        rows = walk(session, shop.stores, again(shop.vault), shop.policies.current, subject_id)
    assert next(r.values["first_name"] for r in rows if r.collection.name == "customers") == ANA["first"]
