"""Old consent tables come in through the composed service, over the demo shop's store."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import convert
from sqlalchemy import text

from privacy_svc.auditlog import EventType
from privacy_svc.consent import (
    SUPPRESS_ALL,
    Cause,
    Choices,
    Format,
    Importer,
    NoticeRef,
    RecordConsent,
    Refused,
    Shape,
    Source,
    Totals,
    digests,
    evidence,
    export_lines,
    history,
    inspect,
    object_to,
    read,
    record,
    subject_state,
)
from privacy_svc.consent.judging import Judge, Wanted
from privacy_svc.consent.reading import Line
from privacy_svc.consent.rowformat import PROOF_LIMIT, ImportRow, proof_size
from privacy_svc.consent.suppression import Owned, enlist, scopes_by_address
from privacy_svc.consent.tables import NOBODY
from privacy_svc.db import now
from privacy_svc.errors import InvalidBody
from privacy_svc.http import Contact, CustomerRef
from privacy_svc.policy import DIRECT_MARKETING, decide
from privacy_svc.runtime import Runtime
from privacy_svc.store import seal
from tests.factories import check_log, erase
from tests.shop import ANA

GOOD: dict[str, Any] = {
    "id": "1",
    "purpose": "marketing.email",
    "state": "given",
    "given_at": "2026-05-01T08:00:00Z",
    "notice": "newsletter",
    "notice_version": 2,
    "notice_language": "en",
    "channel": "web",
    "method": "expressed",
    "reference": "form 7",
}
MAIL, WEB = "marketing.email", Source("web")
BARE = {"id": "1", "purpose": "marketing.email", "state": "given", "given_at": "2026-05-01T08:00:00Z"}


class Desk:
    """Imports rows into a shop."""

    def __init__(self, shop: Runtime) -> None:
        self.shop, self.refused = shop, list[Refused]()

    def importer(self, **changed: Any) -> Importer:
        s = self.shop
        return Importer(s.database, s.vault, s.log, s.directory, s.policies.current, "test", **changed)

    def take(self, *rows: dict[str, Any], raw: bytes | None = None, form: Format = Format.NDJSON, **how: Any) -> Totals:
        file = io.BytesIO(raw if raw is not None else b"".join(json.dumps(r).encode() + b"\n" for r in rows))
        self.refused.clear()
        shape = Shape(form, how.pop("names", {}), how.pop("fixed", {}))
        return self.importer(**how).run(inspect(file).digest, read(file, shape), self.refused.extend, lambda _: None)

    def subject(self, key: str = "1") -> str:
        with self.shop.database.write() as session:
            return self.shop.directory.admit(session, CustomerRef(id=key))

    def states(self) -> dict[str, Any]:
        """What is recorded, by the CRM's key."""
        with self.shop.database.read() as session:
            found = {}
            for key in range(1, 31):
                subject = self.shop.directory.find(session, CustomerRef(id=str(key)))
                if subject and (said := history(session, subject)):
                    found[str(key)] = [
                        (v.purpose, v.state, v.given_at, v.valid_until, v.notice, v.channel, v.method, v.guardian)
                        for v in said
                    ]
            return found

    def reasons(self, purpose: str = "marketing.email") -> list[str]:
        subject = self.subject()
        with self.shop.database.read() as session:
            state = subject_state(session, subject, now())
        return [
            r.code.value for r in decide(self.shop.policies.current, "marketing", purpose, [], state, now()).reasons
        ]


@pytest.fixture
def desk(shop: Runtime) -> Desk:
    return Desk(shop)


def test_a_row_is_recorded_with_its_proof(desk: Desk) -> None:
    """As if it had been said here; permits; evidence is sealed; a group entry of the log names the person."""
    row = GOOD | {
        "evidence": {"ip": "planted"},
        "guardian": {"verification": "id card"},
        "expires_at": "2027-01-01T00:00Z",
    }
    assert desk.take(row).to_json() == {"rows": 1, "recorded": 1, "unchanged": 0, "refused": 0, "reasons": {}}
    subject = desk.subject()
    with desk.shop.database.read() as session:
        [said] = history(session, subject)
        assert evidence(session, desk.shop.vault, said.id) == {
            "reference": "form 7",
            "evidence": {"ip": "planted"},
            "guardian": {"verification": "id card", "name": None, "contact": None},
        }
        assert "planted" not in str(session.execute(text("SELECT * FROM consents")).all())
    assert (said.given_at, said.valid_until) == (datetime(2026, 5, 1, 8, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert (said.channel, said.method, said.guardian, said.recorded_by) == ("web", "expressed", True, "test")
    assert desk.reasons() == []
    check_log(desk.shop.database, desk.shop.log)
    with desk.shop.database.read() as session:
        found = desk.shop.log.search(session, subject_id=subject, type=EventType.CONSENT_IMPORTED)
    assert [(e.payload or {})["groups"] for e in found] == [[["marketing.email given, newsletter 2 en, expressed"]]]
    assert [e.id for e in found] == [said.entry]


def test_again_changes_nothing(desk: Desk) -> None:
    """The same file, another spelling of the same time, a row that stands twice."""
    desk.take(GOOD)
    before = desk.states()
    spelled = GOOD | {"given_at": "2026-05-01T10:00:00+02:00", "channel": "paper"}
    assert desk.take(GOOD).unchanged == 1
    assert desk.take(spelled, spelled, GOOD).unchanged == 3
    assert desk.states() == before
    assert desk.take(GOOD | {"state": "withdrawn", "given_at": "2026-05-02T08:00:00Z"}).recorded == 1


def test_what_was_said_later_stands(desk: Desk) -> None:
    """A withdrawal recorded here is not outvoted by an older consent; nor is an objection lifted by a newer one."""
    subject = desk.subject()
    shop = desk.shop
    with shop.database.write() as session:
        wanted = RecordConsent(CustomerRef(id="1"), "marketing.email", "withdrawn", Source("web"))
        current = shop.policies.current
        record(session, shop.vault, shop.log, current, actor="x", subject_id=subject, wanted=wanted, at=now())
    assert desk.take(GOOD).recorded == 1
    assert desk.reasons() == ["consent_withdrawn"]
    with shop.database.write() as session:
        object_to(session, shop.log, subject, DIRECT_MARKETING, "x")
    later = GOOD | {"given_at": now().isoformat()}
    assert desk.take(later).recorded == 1
    assert desk.reasons() == ["objected"]


def test_of_two_things_said_at_one_time_the_later_line_stands(desk: Desk) -> None:
    """Also in one batch."""
    desk.take(GOOD, GOOD | {"state": "withdrawn"})
    assert desk.reasons() == ["consent_withdrawn"]


@pytest.mark.parametrize(
    ("row", "method", "reasons"),
    [
        (BARE, "imported", ["consent_unproven"]),
        (BARE | {"method": "expressed"}, "imported", ["consent_unproven"]),
        ({k: v for k, v in GOOD.items() if k != "method"}, "imported", ["consent_unproven"]),
        (GOOD, "expressed", []),
    ],
)
def test_what_has_no_proof_comes_in_as_such(desk: Desk, row: dict[str, Any], method: str, reasons: list[str]) -> None:
    """Without the text that was shown, or how it was said, it is `imported` and permits nothing (Art. 7(1))."""
    assert desk.take(row).recorded == 1
    assert desk.states()["1"][0][6] == method
    assert desk.reasons() == reasons


def test_an_unconfirmed_consent_to_double_opt_in_proves_nothing(desk: Desk) -> None:
    """`given` needs evidence that says when it was confirmed, not before it was said nor in the future; else it is
    `imported`: no import skips the letter."""
    current = desk.shop.policies.current
    news = current.purposes["marketing.email"]
    assert news.consent is not None
    double = replace(news, consent=replace(news.consent, double_opt_in=True))
    policies = replace(current, purposes={**current.purposes, news.key: double})
    judge = Judge(policies)
    proof = {"double_opt_in": {"confirmed_at": "2026-05-01T08:00:00+00:00"}}
    evidences: list[Any] = [None, "form f1", "confirmed", {"confirmed": "link 7"}, {"double_opt_in": True}]
    evidences += [{"double_opt_in": {"confirmed_at": at}} for at in (None, "", "soon", "2026-05-01", 1)]
    times = ("2999-01-01T00:00:00Z", "2026-04-30T08:00:00Z", "2026-05-01T09:54:59+02:00")
    evidences += [{"double_opt_in": {"confirmed_at": at}} for at in times]
    for evidence_told, method in [*((e, "imported") for e in evidences), (proof, "expressed")]:
        judged = judge.judge(Line(1, 1, convert(GOOD | {"evidence": evidence_told}, ImportRow)), now())
        assert isinstance(judged, Wanted)
        assert judged.words.method == method, evidence_told


_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"id": "4711"}, "unknown_customer"),
    ({"id": None, "email": "shared@mail.example"}, "ambiguous_customer"),
    ({"id": None}, "malformed"),
    ({"purpose": "nonsense"}, "unknown_purpose"),
    ({"purpose": "service.contract"}, "not_on_consent"),
    ({"state": "expired"}, "unknown_state"),
    ({"notice": "nonsense"}, "unknown_notice"),
    ({"notice": "offers", "notice_version": 1}, "unknown_notice"),
    ({"notice_language": None}, "unknown_notice"),
    ({"method": "preticked"}, "no_consent"),
    ({"evidence": "box pre-ticked"}, "no_consent"),
    ({"evidence": {"implied": True}}, "no_consent"),
    ({"reference": "form checked_by_default"}, "no_consent"),
    ({"channel": "pre-ticked"}, "no_consent"),
    ({"channel": "implied"}, "no_consent"),
    ({"evidence": {"purposes": "marketing.sms,marketing.ads"}}, "no_consent"),
    ({"guardian": " "}, "malformed"),
    ({"guardian": {"verification": " "}}, "malformed"),
    ({"purpose": "marketing.email,marketing.sms"}, "no_consent"),
    ({"given_at": "yesterday"}, "bad_time"),
    ({"given_at": "2026-05-01T08:00:00"}, "bad_time"),
    ({"given_at": "0001-01-01T00:00:00+14:00"}, "bad_time"),
    ({"given_at": "1960-01-01T00:00:00Z"}, "bad_time"),
    ({"given_at": "2999-01-01T00:00:00Z"}, "future"),
    ({"expires_at": "2026-04-01T08:00:00Z"}, "bad_time"),
    ({"state": "refused", "expires_at": "2026-06-01T08:00:00Z"}, "malformed"),
    ({"secret column": "secret value"}, "malformed"),
    ({"reference": "x" * 3000}, "malformed"),
    ({"channel": "Free text of Ana"}, "malformed"),
    ({"notice_version": "two"}, "malformed"),
    ({"collection": "shop.orders"}, "malformed"),
    ({"reference": "a\0b"}, "malformed"),
]


def test_what_cannot_be_recorded_is_refused_with_its_row(desk: Desk) -> None:
    """Every kind with its reason, none with a value of the row; the good row between them comes in."""
    engine = desk.shop.stores.engine("shop")
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET email = 'shared@mail.example' WHERE id IN (8, 9)"))
    rows = [GOOD | changed for changed, _ in _REFUSED]
    totals = desk.take(*rows[:5], GOOD, *rows[5:])
    assert totals.recorded == 1
    numbers = [n for n in range(1, len(rows) + 2) if n != 6]
    assert [(r.row, r.reason.value) for r in desk.refused] == [
        (n, why) for n, (_, why) in zip(numbers, _REFUSED, strict=True)
    ]
    told = str(desk.refused)
    for value in ("4711", "shared@", "nonsense", "yesterday", "secret value", "Free text", "two", "preticked"):
        assert value not in told


def test_an_erased_person_gets_nothing(desk: Desk) -> None:
    """Refused by their key."""
    subject = desk.subject()
    with desk.shop.database.write() as session:
        desk.shop.vault.erase(session, subject)
    desk.take(GOOD)
    assert [r.reason for r in desk.refused] == ["erased"]


def test_what_was_agreed_before_an_erasure_does_not_come_in_after_it(desk: Desk) -> None:
    """Of who was erased and came back: refused and counted; what is there already is unchanged, a no and what they
    agreed to since come in."""
    desk.take(GOOD)
    subject = desk.subject()
    with desk.shop.database.write() as session:
        desk.shop.vault.erase(session, subject)
    with desk.shop.database.write() as session:
        desk.shop.vault.readmit(session, subject)
    early = GOOD | {"given_at": "2026-05-02T08:00:00Z"}
    rows = [
        GOOD,
        early,
        early | {"state": "requested"},
        early | {"state": "refused"},
        GOOD | {"given_at": now().isoformat()},
    ]
    totals = desk.take(*rows)
    assert (totals.recorded, totals.unchanged, totals.refused) == (2, 1, {"before_readmission": 2})
    assert [r.row for r in desk.refused] == [2, 3]


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("row", [{"id": None, "email": ANA["email"].upper()}, {"email": "ana@new.example"}, {}])
def test_a_suppressed_address_is_refused(desk: Desk, row: dict[str, Any], sealed: bool) -> None:
    """By the address in the row, and by the one the store has of the customer; a withdrawal still comes in."""
    shop = desk.shop
    if sealed:
        seal(shop.sealer("test"))
    with shop.database.write() as session:
        found = [Owned(a, NOBODY) for a in digests(session, shop.vault, [Contact("email", ANA["email"])])]
        enlist(session, shop.log, found, SUPPRESS_ALL, Cause.ERASURE, "worker", now())
    given, withdrawn = GOOD | row, GOOD | row | {"state": "withdrawn"}
    totals = desk.take(given, withdrawn, GOOD | {"id": "2"})
    assert [(r.row, r.reason.value) for r in desk.refused] == [(1, "suppressed")]
    assert totals.refused == {"suppressed": 1}
    assert totals.recorded == 2


def test_what_is_there_already_is_unchanged_though_it_is_suppressed(desk: Desk) -> None:
    """An export comes into the service it was made of, with nothing refused; what is new stays refused."""
    desk.take(GOOD)
    shop = desk.shop
    with shop.database.write() as session:
        found = [Owned(a, NOBODY) for a in digests(session, shop.vault, [Contact("email", ANA["email"])])]
        enlist(session, shop.log, found, "marketing.email", Cause.UNSUBSCRIBE, "shop", now())
    raw = exported(shop, Format.NDJSON)
    assert desk.take(raw=raw).unchanged == 1
    assert desk.take(GOOD | {"email": ANA["email"]}).unchanged == 1
    assert desk.take(GOOD | {"id": None, "email": ANA["email"]}).unchanged == 1
    assert desk.take(GOOD | {"given_at": "2026-05-03T08:00:00Z"}).refused == {"suppressed": 1}


@pytest.mark.parametrize("form", list(Format))
def test_the_most_evidence_that_is_taken_comes_in_again(desk: Desk, form: Format) -> None:
    """The longest proof that can be recorded fits a line of either format; one byte more is refused by its place."""
    shop, subject = desk.shop, desk.subject()
    notice, row = NoticeRef("newsletter", 2, "en"), CustomerRef(id="1")

    def say(size: int) -> None:
        proof = Source("web", reference="\n" * 2000, evidence={"quoted": '"' * 6000, "pad": "x" * size})
        wanted = RecordConsent(row, "marketing.email", "given", proof, notice)
        current = shop.policies.current
        with shop.database.write() as session:
            record(session, shop.vault, shop.log, current, actor="x", subject_id=subject, wanted=wanted, at=now())

    most = PROOF_LIMIT - proof_size("\n" * 2000, {"quoted": '"' * 6000, "pad": ""}, None)
    with pytest.raises(InvalidBody) as refused:
        say(most + 1)
    assert [f.pointer for f in refused.value.faults] == ["/source/evidence"]
    say(most)
    assert desk.take(raw=exported(shop, form), form=form).unchanged == 1
    assert desk.refused == []


def listed(desk: Desk, *emails: str) -> list[set[str]]:
    contacts = [Contact("email", email) for email in emails]
    with desk.shop.database.read() as session:
        found = scopes_by_address(session, desk.shop.vault, contacts)
    return [set(found.get(contact, ())) for contact in contacts]


WITHDRAWN = GOOD | {"state": "withdrawn", "given_at": "2026-05-02T08:00:00Z"}


def test_an_imported_withdrawal_is_on_the_suppression_list(desk: Desk) -> None:
    """With the store's address and the file's, for the purpose alone, and whose it is: it goes when they agree here.
    Later consents of another file are refused."""
    desk.take(GOOD, WITHDRAWN | {"email": "ana@old.example"})
    assert listed(desk, ANA["email"], "ana@old.example", "bo@mail.example") == [{MAIL}, {MAIL}, set()]
    assert desk.take(GOOD | {"given_at": "2026-05-03T08:00:00Z"}).refused == {"suppressed": 1}
    shop, notice = desk.shop, NoticeRef("newsletter", 2, "en")
    choices = Choices(shop.vault, shop.log, shop.directory, shop.policies.current, "https://x.example", shop.signer)
    subject = desk.subject()
    with shop.database.write() as session:
        choices.say(session, subject, RecordConsent(CustomerRef(id="1"), MAIL, "given", WEB, notice), "shop")
    assert listed(desk, ANA["email"], "ana@old.example") == [set(), set()]
    check_log(shop.database, shop.log)


@pytest.mark.parametrize(
    "rows",
    [
        [WITHDRAWN, GOOD | {"given_at": "2026-05-03T08:00:00Z"}],
        [GOOD | {"given_at": "2026-05-03T08:00:00Z"}, WITHDRAWN],
        [WITHDRAWN | {"state": "refused"}],
    ],
)
def test_what_does_not_stand_and_a_refusal_is_not_listed(desk: Desk, rows: list[dict[str, Any]]) -> None:
    """As when it is said here."""
    assert desk.take(*rows).recorded == len(rows)
    assert listed(desk, ANA["email"]) == [set()]


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("by", [{}, {"id": None, "email": ANA["email"]}])
def test_a_file_is_not_refused_for_what_it_said_itself(desk: Desk, batch: int, by: dict[str, Any]) -> None:
    """Withdrawn, then agreed again, however it is cut into batches: what was said last stands, and the address is free;
    somebody else's, and what was listed before the run, is not passed over."""
    again, other = {"given_at": "2026-05-03T08:00:00Z"}, {"id": "2", "email": ANA["email"]}
    rows = [GOOD, WITHDRAWN, GOOD | again, GOOD | other]
    totals = desk.take(*(row | by for row in rows[:3]), batch=batch)
    assert (totals.recorded, totals.refused, desk.reasons(), listed(desk, ANA["email"])) == (3, {}, [], [set()])
    desk.take(WITHDRAWN | by | {"given_at": "2026-05-04T08:00:00Z"})
    later = GOOD | by | {"given_at": "2026-05-05T08:00:00Z"}
    assert desk.take(later, GOOD | other, batch=batch).refused == {"suppressed": 2}


def test_a_file_that_is_sent_again_is_not_refused_for_what_it_said_before_it_broke_off(desk: Desk) -> None:
    """From its beginning, as over HTTP."""
    again = GOOD | {"given_at": "2026-05-03T08:00:00Z"}
    file = io.BytesIO(b"".join(json.dumps(r).encode() + b"\n" for r in (GOOD, WITHDRAWN, again)))
    digest = inspect(file).digest
    steps = desk.importer(batch=2).steps(digest, read(file, Shape(Format.NDJSON)), desk.refused.extend, again=True)
    assert [next(steps).rows, next(steps).rows] == [0, 2]
    steps.close()
    assert listed(desk, ANA["email"]) == [{MAIL}]
    file.seek(0)
    *_, totals = desk.importer(batch=2).steps(digest, read(file, Shape(Format.NDJSON)), print, again=True)
    assert (totals.recorded, totals.unchanged, totals.refused, desk.reasons()) == (1, 2, {}, [])
    assert listed(desk, ANA["email"]) == [set()]


def test_who_unsubscribed_stays_so_at_a_new_address(desk: Desk) -> None:
    """Which the CRM gave them by itself: what stands for the person is asked too, not only for the address."""
    desk.take(WITHDRAWN)
    with desk.shop.stores.engine("shop").begin() as connection:
        connection.execute(text("UPDATE customers SET email = 'ana@new.example', phone = NULL WHERE id = 1"))
    later = GOOD | {"given_at": "2026-05-03T08:00:00Z"}
    assert desk.take(later, later | {"id": "2"}).refused == {"suppressed": 1}
    assert desk.take(WITHDRAWN, later | {"id": None, "email": "ana@new.example"}).refused == {"suppressed": 1}
    assert desk.reasons() == ["consent_withdrawn"]


def test_another_scope_does_not_refuse(desk: Desk) -> None:
    """Who unsubscribed from one purpose may have consented to another."""
    shop = desk.shop
    with shop.database.write() as session:
        found = [Owned(a, NOBODY) for a in digests(session, shop.vault, [Contact("email", ANA["email"])])]
        enlist(session, shop.log, found, "marketing.email", Cause.UNSUBSCRIBE, "shop", now())
    offers = GOOD | {"purpose": "marketing.sms", "notice": "offers", "notice_version": 1}
    desk.take(GOOD, offers)
    assert [(r.row, r.reason.value) for r in desk.refused] == [(1, "suppressed")]


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    """And says what would happen."""
    totals = desk.take(GOOD, GOOD | {"id": "4711"}, GOOD | {"id": "2"}, dry_run=True)
    assert (totals.recorded, totals.refused) == (2, {"unknown_customer": 1})
    with desk.shop.database.read() as session:
        for table in ("consents", "consent_imports", "subjects", "subject_rows"):
            assert session.execute(text(f"SELECT count(*) FROM {table} ")).scalar_one() == 0, table
    desk.shop.log.integrate(desk.shop.database)
    with desk.shop.database.read() as session:
        assert desk.shop.log.search(session) == []


def test_it_goes_on_where_it_stopped(desk: Desk) -> None:
    """A run that ends in the middle of the second batch: the first is kept and not read again; the totals are whole."""
    rows = [GOOD | {"id": str(i)} for i in (1, 2, 4711, 4, 5)]
    file = io.BytesIO(b"".join(json.dumps(r).encode() + b"\n" for r in rows))

    def cut() -> Iterator[Line]:
        for line in read(file, Shape(Format.NDJSON)):
            if line.number == 4:
                raise KeyboardInterrupt
            yield line

    digest = inspect(file).digest
    with pytest.raises(KeyboardInterrupt):
        desk.importer(batch=2).run(digest, cut(), desk.refused.extend, lambda _: None)
    assert set(desk.states()) == {"1", "2"}
    file.seek(0)
    seen: list[int] = []
    totals = desk.importer(batch=2).run(digest, read(file, Shape(Format.NDJSON)), desk.refused.extend, seen.append)
    assert seen == [2, 4, 5]
    assert (totals.recorded, totals.unchanged, totals.refused) == (4, 0, {"unknown_customer": 1})
    assert set(desk.states()) == {"1", "2", "4", "5"}
    file.seek(0)
    again = desk.importer(batch=2).run(digest, read(file, Shape(Format.NDJSON)), desk.refused.extend, seen.append)
    assert (again.recorded, again.unchanged) == (0, 4)


def test_csv(desk: Desk) -> None:
    """A BOM, semicolons, other names, quoting over lines, a column left out, a value for all, times without zone."""
    raw = (
        "\ufeffCustomer No;when;note;reference;method\r\n"
        '1;2026-05-01 10:00:00;secret;"said ""yes""\r\non the phone";expressed\r\n'
        "2;2026-12-01 10:00:00;secret;;expressed\r\n"
        "3;2026-05-01 10:00:00;too;many;cells;here\r\n"
        '4;2026-05-01 10:00:00;"broken"quote;x;expressed\r\n'
        "5;2026-01-01 10:00:00;\0;x;expressed\r\n"
        "6;2026-01-01 10:00:00;secret;'=1+1;expressed\r\n"
    ).encode()
    names = {"Customer No": "id", "when": "given_at", "note": ""}
    fixed = {k: str(GOOD[k]) for k in ("purpose", "state", "notice", "notice_version", "notice_language")}
    zone = ZoneInfo("Europe/Berlin")
    totals = desk.take(raw=raw, form=Format.CSV, names=names, fixed=fixed, zone=zone)
    assert [(r.row, r.line, r.reason.value) for r in desk.refused] == [
        (2, 4, "future"),
        (3, 5, "malformed"),
        (4, 6, "malformed"),
    ]
    assert totals.recorded == 3
    assert desk.states()["1"][0][2] == datetime(2026, 5, 1, 10, tzinfo=timezone(timedelta(hours=2)))
    with desk.shop.database.read() as session:
        kept = [
            evidence(session, desk.shop.vault, history(session, subject)[0].id)["reference"]
            for key in ("1", "6")
            if (subject := desk.shop.directory.find(session, CustomerRef(id=key)))
        ]
    assert kept == ['said "yes"\r\non the phone', "=1+1"]


@pytest.mark.parametrize("form", list(Format))
def test_what_is_exported_comes_in_the_same(desk: Desk, form: Format, tmp_path: Path) -> None:
    """Every state, evidence of every kind, formulas and quotes; into an empty service; a second export is equal."""
    rows = [
        GOOD | {"evidence": {"form": [1, "ü"]}, "guardian": {"verification": "seen", "name": "Maria"}},
        GOOD | {"state": "withdrawn", "given_at": "2026-06-01T08:00:00.123456Z", "evidence": '{"looks": "like JSON"}'},
        GOOD | {"id": "2", "reference": "=cmd|' /C calc'!A0", "evidence": "@SUM(1)"},
        GOOD | {"id": "3", "reference": '\'quoted, "twice"\nover lines', "state": "refused"},
        BARE | {"id": "4"},
        BARE | {"id": "5", "state": "requested"},
        BARE | {"id": "6", "state": "invalidated"},
    ]
    assert desk.take(*rows).recorded == len(rows)
    before, raw = desk.states(), exported(desk.shop, form)
    with desk.shop.database.write() as session:
        for table in ("consents", "consent_imports", "suppressions"):
            session.execute(text(f"DELETE FROM {table}"))
    assert desk.states() == {}
    assert desk.take(raw=raw, form=form).recorded == len(rows)
    assert desk.refused == []
    assert desk.states() == before
    assert exported(desk.shop, form) == raw
    if form is Format.CSV:
        assert b"\r\n=" not in raw
        assert b",=" not in raw
        assert b",@" not in raw


def test_an_export_leaves_erased_people_out(desk: Desk) -> None:
    """And is in the log of those whose consents it holds."""
    desk.take(GOOD, GOOD | {"id": "2"})
    erased, other = desk.subject(), desk.subject("2")
    with desk.shop.database.write() as session:
        erase(desk.shop, session, erased)
    [line] = exported(desk.shop, Format.NDJSON).splitlines()
    assert json.loads(line)["id"] == "2"
    check_log(desk.shop.database, desk.shop.log)
    with desk.shop.database.read() as session:
        assert len(desk.shop.log.search(session, subject_id=other, type=EventType.CONSENT_EXPORTED)) == 1


def exported(shop: Runtime, form: Format) -> bytes:
    return "".join(export_lines(shop.database, shop.vault, shop.log, shop.directory, "test", form)).encode()


def test_a_live_consent_is_exported_too(desk: Desk) -> None:
    """Not only what was imported."""
    shop, subject = desk.shop, desk.subject()
    with shop.database.write() as session:
        notice = NoticeRef("newsletter", 2, "en")
        wanted = RecordConsent(CustomerRef(id="1"), "marketing.email", "given", Source("web"), notice)
        current = shop.policies.current
        record(session, shop.vault, shop.log, current, actor="x", subject_id=subject, wanted=wanted, at=now())
    assert json.loads(exported(shop, Format.NDJSON))["channel"] == "web"
