"""What a module asks and is answered."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from privacy_svc.client import BadCall, Client, Denied, Erased, Forbidden, NotFound, Record, Withheld
from tests.client.conftest import Connect
from tests.e2e.service import Installation
from tests.shop import ANA

NOTICE: Any = {"id": "newsletter", "version": 2, "language": "en"}
SOURCE: Any = {"channel": "web", "reference": "footer-form"}
MAIL = "marketing.email"


def consent(client: Client, customer: Any, state: Any = "given", **more: Any) -> Any:
    return client.record_consent(customer, purpose=MAIL, state=state, notice=NOTICE, source=SOURCE, **more)


def test_a_consent_and_what_it_permits(connect: Connect) -> None:
    """Given, the very next decision is a yes; withdrawn, a no with its reason; each names the state it saw."""
    shop, marketing = connect("shop"), connect("marketing")
    given = consent(shop, {"id": "2"})
    assert (given.purpose, given.state) == (MAIL, "given")
    yes = marketing.evaluate("2", purpose=MAIL, fields=["email"], min_state_version=given.state_version)
    assert yes.permitted
    assert yes.fields["email"].effect == "permit"
    yes.require()
    withdrawn = consent(shop, "2", "withdrawn")
    no = marketing.evaluate("2", purpose=MAIL, fields=["email"], min_state_version=withdrawn.state_version)
    assert not no.permitted
    assert no.reasons[0].code == "consent_withdrawn"
    assert no.reasons[0].article
    with pytest.raises(Denied) as refused:
        no.require()
    assert refused.value.reasons == ("consent_withdrawn",)


def test_a_consent_says_until_when_and_what_stands(connect: Connect) -> None:
    """Times as datetimes or as text; late news is recorded, and does not undo what was said since."""
    shop, ends = connect("shop"), datetime(2027, 3, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    short = consent(shop, "17", expires_at=ends)
    assert (short.state, short.current, short.valid_until, short.objected) == ("given", "given", ends, False)
    consent(shop, "17", "withdrawn")
    late = consent(shop, "17", given_at="2026-01-05T09:00:00+01:00")
    assert (late.state, late.current) == ("given", "withdrawn")


def test_what_a_customer_chose(connect: Connect) -> None:
    """What stands and what was said before, now and as of a past time; of another module's purposes nothing."""
    shop, marketing = connect("shop"), connect("marketing")
    before = datetime.now(UTC)
    first = consent(shop, "18")
    consent(shop, "18", "withdrawn")
    chosen = marketing.consents("18", purpose=MAIL)
    news = chosen.consents[MAIL]
    assert (news.state, [s.state for s in news.history], chosen.restricted) == (
        "withdrawn",
        ["withdrawn", "given"],
        False,
    )
    said = news.history[-1]
    assert (said.id, said.receipt, said.channel, said.recorded_by) == (first.id, first.receipt, "web", "shop")
    assert before < said.given_at < news.since < datetime.now(UTC)
    assert news.ask_from is not None
    assert news.ask_from > news.since, "who said no is left alone for a while"
    assert marketing.consents("18", as_of=said.given_at).consents[MAIL].state == "given"
    assert marketing.consents("18", as_of=before, known_at=before.isoformat()).consents == {}
    assert connect("support").consents("18").consents == {}
    with pytest.raises(Forbidden, match="may-not-read-consents"):
        connect("support").consents("18", purpose=MAIL)
    with pytest.raises(NotFound):
        marketing.consents("4711/..")


def test_an_objection_holds_at_once(connect: Connect) -> None:
    """To one purpose until the person agrees again, to all direct marketing whatever they agree to; sent twice under
    one key it is raised once; what nobody can object to is a bad call, a stranger is not found."""
    shop, marketing = connect("shop"), connect("marketing")
    consent(shop, "21")
    for purpose in (MAIL, "direct_marketing"):
        key = f"objection-{purpose}"
        version = marketing.object_to("21", purpose, reason="No more letters", idempotency_key=key)
        assert marketing.object_to(21, purpose, reason="No more letters", idempotency_key=key) == version
        no = marketing.evaluate("21", purpose=MAIL, fields=["email"], min_state_version=version)
        assert ([r.code for r in no.reasons], no.state_version) == (["objected"], version)
        assert marketing.consents("21").objections == (purpose,)
        again = consent(shop, "21")
        assert again.objected is (purpose != MAIL)
    assert marketing.object_to("22") > 0
    assert marketing.consents("22").objections == ("direct_marketing",)
    with pytest.raises(BadCall, match=r"Art\. 21"):
        shop.object_to("21", "service.contract")
    with pytest.raises(NotFound):
        shop.object_to("4711/..")


def test_a_browsers_signal_is_passed_on(connect: Connect) -> None:
    """It may be sent as often as it is seen; of a policy that honours it nowhere it ends nothing."""
    marketing = connect("marketing")
    first = marketing.pass_signal("23")
    assert (first.purposes, first) == ((), marketing.pass_signal("23"))
    with pytest.raises(NotFound):
        marketing.pass_signal("4711")


def test_a_link_to_unsubscribe_and_the_list_of_who_did(connect: Connect, live: Installation) -> None:
    """The link is the same each time; once it is used, the address must not be, in whatever spelling it is asked."""
    shop, marketing = connect("shop"), connect("marketing")
    consent(shop, "19")
    email = marketing.read("shop", "customers", "19", purpose=MAIL, fields=["email"])["email"]
    link = marketing.unsubscribe_link("19", purpose=MAIL)
    assert link == marketing.unsubscribe_link({"email": email}, purpose=MAIL)
    assert (set(link.headers), link.url in str(link)) == ({"List-Unsubscribe", "List-Unsubscribe-Post"}, False)
    asked = [email, "nobody@mail.example", email.upper(), email]
    assert set(marketing.check_suppressions(emails=asked, purpose=MAIL).values()) == {False}
    path = link.url[link.url.index("/", 8) :]
    assert httpx.post(live.url + path, data={"List-Unsubscribe": "One-Click"}).status_code == 200  # as a mail program
    listed = shop.check_suppressions(emails=asked, phones=["+49 431 1"], purpose=MAIL)
    assert listed == {asked[0]: True, asked[1]: False, asked[2]: True, "+49 431 1": False}
    with pytest.raises(BadCall):
        shop.check_suppressions(emails=asked, purpose="marketing.nothing")


def test_addresses_are_checked_in_pieces(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many requests as it takes, each address once, in their order."""
    monkeypatch.setattr("privacy_svc.client.consenting.ADDRESSES", 2)
    many = [f"{n}@mail.example" for n in range(5)]
    assert list(connect("shop").check_suppressions(emails=[*many, *many])) == many


def test_what_is_no_consent_is_a_bad_call(connect: Connect) -> None:
    """Evidence of a box that was ticked before, with its place and article; and a purpose the module may not record."""
    source: Any = SOURCE | {"evidence": {"form": {"preTicked": True}}}
    with pytest.raises(BadCall, match=r"/source/evidence/form/preTicked .*Art. 4\(11\)"):
        connect("shop").record_consent("7", purpose=MAIL, state="given", notice=NOTICE, source=source)
    with pytest.raises(Forbidden, match="may-not-record"):
        consent(connect("support"), "7")


def test_a_decision_is_as_true_as_it_permits(connect: Connect) -> None:
    """`if privacy.evaluate(…)` is no trap: a denied decision is false."""
    marketing = connect("marketing")
    assert not marketing.evaluate("3", purpose=MAIL, fields=["birth_date"])
    consent(connect("shop"), "3")
    assert marketing.evaluate("3", purpose=MAIL, fields=["email"])
    assert not marketing.evaluate("3", purpose=MAIL, fields=["birth_date"])


@pytest.mark.parametrize("name", ["id", "email"])
def test_customers_are_named_in_several_ways(connect: Connect, name: str) -> None:
    """By the CRM's key or by a sealed address, alike in decisions, consents and events."""
    person = {"id": "1", "email": ANA["email"].upper()} if name == "id" else {"email": ANA["email"].upper()}
    person = {name: person[name]}
    consent(connect("shop"), person)
    assert connect("marketing").evaluate(person, purpose=MAIL, fields=["email"])
    assert connect("shop").append_event("shop:basket", {"items": 3}, person)


def proven(client: Client, entry: str) -> str | None:
    """None while the entry is not in the tree."""
    try:
        return client.audit_proof(entry)
    except NotFound as error:
        if error.slug != "not-in-the-tree-yet":
            raise
        return None


def test_a_module_proves_its_own_entry(connect: Connect) -> None:
    """By the id that it was given, as soon as the entry is in the tree; another module's is not there for it."""
    shop = connect("shop")
    entry = shop.append_event("shop:basket", {"items": 3})
    deadline = time.monotonic() + 60
    while (proof := proven(shop, entry)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert proof
    assert proof.startswith("c2sp.org/tlog-proof@v1\n")
    with pytest.raises(NotFound) as refused:
        connect("marketing").audit_proof(entry)
    assert refused.value.slug == "not-found"


def test_many_are_answered_as_each_alone(connect: Connect) -> None:
    """More than one request holds, in order; one that cannot be asked is a no and says why."""
    consent(connect("shop"), "5")
    marketing = connect("marketing")
    asked = [str(n % 9 + 1) for n in range(1_005)] + ["4711"]
    found = marketing.evaluate_many(asked, purpose=MAIL, fields=["email"])
    single = {key: bool(marketing.evaluate(key, purpose=MAIL, fields=["email"])) for key in set(asked[:9])}
    assert single["5"]
    assert [bool(d) for d in found] == [single.get(key, False) for key in asked]
    assert found[-1].error
    with pytest.raises(Denied):
        found[-1].require()


def test_an_audience_is_read_as_it_comes(connect: Connect) -> None:
    """Members one by one, then the totals; of a list, in its order."""
    consent(connect("shop"), "6")
    marketing = connect("marketing")
    some = marketing.audience(purpose=MAIL, fields=["email"], customers=["7", "6", "4711"])
    assert [(m.id, bool(m)) for m in some] == [("7", False), ("6", True), ("4711", False)]
    assert (some.totals.asked, some.totals.permitted, some.totals.denied) == (3, 1, 2)
    assert some.totals.reasons == {"consent_missing": 1, "unknown_customer": 1}
    everybody = list(marketing.audience(purpose=MAIL, fields=["email"]))
    assert len(everybody) == 30
    assert "6" in set(marketing.audience(purpose=MAIL, fields=["email"]).permitted())


def test_a_record_gives_only_what_was_released(connect: Connect) -> None:
    """Clear, masked, withheld: a withheld field cannot be taken by its name, and is told from an empty one."""
    record = connect("support").read("shop", "customers", "1", purpose="service.support")
    assert record["first_name"] == ANA["first"]
    assert record["phone"] != ANA["phone"]
    assert record.withheld["birth_date"] == Withheld("deny", "category_not_in_purpose")
    assert "birth_date" not in record
    for take in (record.get, record.__getitem__):
        with pytest.raises(Denied, match="birth_date is withheld"):
            take("birth_date")
    assert (record.get("birth_date", ""), record.get("no_such_field")) == ("", None)
    with pytest.raises(KeyError):
        record["no_such_field"]
    assert ANA["first"] not in repr(record)
    assert "'1'" not in repr(record)


def test_finding_and_changing(connect: Connect) -> None:
    """One person by address, number or key; a change is there for the next read."""
    shop, support = connect("shop"), connect("support")
    assert shop.change("shop", "customers", "8", {"phone": "+351 21 099 0808"}, purpose="service.contract")
    by_number = support.find("shop", "customers", purpose="service.support", phone="00351 210 990 808")
    by_key = support.find("shop", "customers", purpose="service.support", customer="8", fields=["first_name"])
    assert [r.key for r in by_number] == [r.key for r in by_key] == ["8"]
    assert set(by_key[0].fields) == {"first_name"}
    with pytest.raises(ValueError, match="exactly one"):
        support.find("shop", "customers", purpose="service.support")


def test_the_erased_and_the_unknown(connect: Connect, live: Installation) -> None:
    """An erased person's record is `Erased`, a stranger's `NotFound`; a decision about the erased is a no."""
    assert live.fulfil("erasure", {"id": "30"})["state"] == "completed"
    support = connect("support")
    with pytest.raises(Erased):
        support.read("shop", "customers", "30", purpose="service.support")
    with pytest.raises(NotFound) as unknown:
        support.read("shop", "customers", "4711/../1", purpose="service.support")
    assert unknown.value.status == 404


def test_a_record_of_ones_own_making() -> None:
    """What a test of a module builds by hand behaves as what is read."""
    record = Record("1", {"a": 1}, {"b": Withheld("deny")})
    assert (record["a"], record.get("a"), record.get("b", None), "b" in record) == (1, 1, None, False)
    with pytest.raises(Denied, match="b is withheld: deny"):
        record["b"]
