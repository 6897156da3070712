"""The demo's story, step by step, with what was measured. Every step is a real call to the running service."""

import json
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from typing import Any

import click

from privacy_svc.auditlog import Verifier, verify_json
from privacy_svc.cli.demo_ending import go_on
from privacy_svc.cli.demo_parts import Company
from privacy_svc.cli.demo_store import ANA, FEW
from privacy_svc.client import Guardian, Notice
from privacy_svc.errors import Unavailable
from privacy_svc.store import seal

EMAIL, PHONE = "ana.figueiredo@mail.example", "+351 21 099 0042"
ANA_REF = {"id": str(ANA)}
NOTICE: Notice = {"id": "newsletter", "version": 2, "language": "en"}
SECONDS = 30


class Teller:
    """Numbers the steps and prints what happens in each."""

    def __init__(self) -> None:
        self.number, self.begun = 0, time.perf_counter()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self.number += 1
        click.secho(f"\n{self.number:2}  {title}", bold=True)
        yield

    @staticmethod
    def say(text: str) -> None:
        click.echo(f"    {text}")

    @staticmethod
    def show(mark: str, text: str) -> None:
        colour = {"✓": "green", "✗": "red", "~": "yellow"}[mark]
        click.echo(f"    {click.style(mark, fg=colour)} {text}")


def tell(company: Company) -> None:
    teller = Teller()
    click.secho("A demo: every person in it is invented.", fg="yellow")
    for chapter in (
        _the_company,
        _consent,
        _decision,
        _gateway,
        _withdrawal,
        _guardian,
        _sealing,
        _access,
        _rectification,
        _erasure,
        _log,
        _audit,
    ):
        chapter(company, teller)
    click.secho(f"\nThe story took {time.perf_counter() - teller.begun:.1f} s.", bold=True)
    go_on(company)


def _the_company(company: Company, teller: Teller) -> None:
    with teller.step("A shop with a CRM database, and a privacy service in front of it"):
        with closing(sqlite3.connect(company.store_file)) as store:
            names = ("orders", "tickets", "call_notes")
            count = {n: store.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in names}  # noqa: S608 - our own names
        told = ", ".join(f"{n:,} {t.replace('_', ' ')}" for t, n in count.items())
        teller.say(f"{company.customers:,} customers, {told}: built in {company.seconds['store']:.1f} s")
        policies = company.runtime.policies.current
        fields = [f for c in policies.data_map.collections() for f in c.fields]
        teller.say(
            f"policies: {len(policies.purposes)} purposes, {len(policies.modules)} modules; data map: "
            f"{sum(f.personal for f in fields)} of {len(fields)} columns hold personal data"
        )
        teller.say(f"keys, database and service ready after {company.seconds['home'] + company.seconds['start']:.1f} s")


def _consent(company: Company, teller: Teller) -> None:
    with teller.step("Subscribers' consents, each with the notice they saw"):
        with closing(sqlite3.connect(company.store_file)) as store:
            ids = [str(i) for (i,) in store.execute("SELECT id FROM customers WHERE newsletter = 1 ORDER BY id")]
        begun = time.perf_counter()
        with company.module("shop") as shop:
            for number in ids:
                last = shop.record_consent(
                    {"id": number},
                    purpose="marketing.email",
                    state="given",
                    notice=NOTICE,
                    source={"channel": "web", "reference": "checkout"},
                )
        took = time.perf_counter() - begun
        teller.say(f"{len(ids)} consents over HTTP, each durable and logged: {len(ids) / took:.0f} a second")
        teller.say(f"each has a signed receipt, e.g. {last.receipt}")


def _evaluate(company: Company, purpose: str, *fields: str, number: int = ANA) -> Any:
    with company.module("marketing") as marketing:
        return marketing.evaluate(str(number), purpose=purpose, fields=fields)


def _decision(company: Company, teller: Teller) -> None:
    with teller.step("May marketing write to Ana?"):
        answer = _evaluate(company, "marketing.email", "email", "first_name")
        teller.show("✓" if answer.permitted else "✗", "marketing.email, with e-mail and first name")
        answer = _evaluate(company, "marketing.email", "email", "birth_date")
        _reasons(teller, "marketing.email, with her date of birth", answer)
        answer = _evaluate(company, "marketing.sms", "phone")
        _reasons(teller, "marketing.sms, with her number", answer)


def _reasons(teller: Teller, what: str, answer: Any) -> None:
    why = "; ".join(f"{r.detail} ({r.article})" for r in answer.reasons)
    teller.show("✓" if answer.permitted else "✗", f"{what}: {why}" if why else what)


def _gateway(company: Company, teller: Teller) -> None:
    with teller.step("Support looks Ana up by her e-mail, through the gateway"):
        with company.module("support") as support:
            (record,) = support.find("shop", "customers", purpose="service.support", email=EMAIL)
        for name in ("first_name", "city", "phone", "birth_date"):
            if name in record.fields:
                masked = name == "phone"
                teller.show("~" if masked else "✓", f"{name:11} {record.fields[name]}{'  (masked)' if masked else ''}")
            else:
                teller.show("✗", f"{name:11} withheld: {record.withheld[name].reason}")


def _withdrawal(company: Company, teller: Teller) -> None:
    with teller.step("Ana changes her mind"):
        with company.module("shop") as shop:
            begun = time.perf_counter()
            shop.record_consent(
                ANA_REF,
                purpose="marketing.email",
                state="withdrawn",
                notice=NOTICE,
                source={"channel": "web", "reference": "unsubscribe"},
            )
        answer = _evaluate(company, "marketing.email", "email")
        _reasons(teller, "marketing.email", answer)
        teller.say(f"withdrawal and the next decision, both logged: {(time.perf_counter() - begun) * 1000:.0f} ms")


def _guardian(company: Company, teller: Teller) -> None:
    """The last two customers of the store: see demo_store."""
    child, former = company.customers - 1, company.customers
    if company.customers < FEW:
        return
    with teller.step("A child, and somebody who left years ago"):
        _agree(company, child)
        _reasons(teller, "the child's own consent", _evaluate(company, "marketing.email", "email", number=child))
        _agree(company, child, {"verification": "signed letter"})
        _reasons(teller, "with a parent's", _evaluate(company, "marketing.email", "email", number=child))
        _agree(company, former)
        _reasons(teller, "who closed the account", _evaluate(company, "marketing.email", "email", number=former))


def _agree(company: Company, number: int, guardian: Guardian | None = None) -> None:
    with company.module("shop") as shop:
        shop.record_consent(
            {"id": str(number)},
            purpose="marketing.email",
            state="given",
            notice=NOTICE,
            source={"channel": "post" if guardian else "web"},
            guardian=guardian,
        )


def _sealing(company: Company, teller: Teller) -> None:
    with teller.step("Sealing: the CRM's own file, encrypted person by person, in place"):
        before = _hits(company)
        begun = time.perf_counter()
        values = sum(t.sealed for t in seal(company.runtime.sealer("demo")))
        took = time.perf_counter() - begun
        teller.say(f"{values:,} values sealed in {took:.1f} s, one random key a person")
        teller.say(f"Ana's address in the file's bytes: {before} times before, {_hits(company)} times now")
        with company.module("support") as support:
            begun = time.perf_counter()
            found = support.find("shop", "customers", purpose="service.support", email=EMAIL.upper())
        ok = len(found) == 1
        teller.show(
            "✓" if ok else "✗", f"support still finds her by e-mail, in {(time.perf_counter() - begun) * 1000:.0f} ms"
        )


def _hits(company: Company) -> int:
    files = company.settings.home.glob("shop.sqlite*")
    return sum(f.read_bytes().count(EMAIL.encode()) for f in files)


def _request(company: Company, right: str, details: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Open, verify with the mailed code, approve where it waits for that, until it is completed."""
    body = {"right": right, "customer": ANA_REF, "channel": "phone", "details": details}
    mails = len(company.mails())
    opened = company.call("officer", "POST", "/v1/requests", json=body).raise_for_status().json()
    path = f"/v1/requests/{opened['id']}"
    company.call("officer", "POST", f"{path}/verify", json={"code": company.code(mails)}).raise_for_status()
    state = company.call("officer", "GET", path).raise_for_status().json()
    begun = time.perf_counter()
    if state["state"] == "awaiting_approval":
        company.call("officer", "POST", f"{path}/approve").raise_for_status()
    while time.perf_counter() - begun < SECONDS:
        state = company.call("officer", "GET", path).raise_for_status().json()
        if state["state"] == "completed":
            return state, time.perf_counter() - begun
        if state["state"] in {"failed", "refused", "cancelled"}:
            break
        time.sleep(0.02)
    raise Unavailable(f"The {right} request ended as {state['state']}: {state.get('failure')}")


def _access(company: Company, teller: Teller) -> None:
    with teller.step("Ana asks what we hold about her (Art. 15)"):
        request, took = _request(company, "access", {})
        teller.say(
            f"verified by a code sent to the address on file; due {request['due_at'][:10]}; done in {took:.1f} s"
        )
        package = company.call("officer", "GET", f"/v1/requests/{request['id']}/package").raise_for_status().content
        (company.settings.home / "ana-access.zip").write_bytes(package)
        with zipfile.ZipFile(BytesIO(package)) as files:
            names = sorted(files.namelist())
        teller.say(
            f"{len(package) / 1024:.0f} KiB: {', '.join(n for n in names if '/' not in n)}, "
            f"and {sum('/' in n for n in names)} data files"
        )


def _rectification(company: Company, teller: Teller) -> None:
    with teller.step("Ana corrects her number (Art. 16)"):
        _, took = _request(company, "rectification", {"changes": {"phone": "+351 21 099 0043"}})
        with company.module("support") as support:
            found = support.find("shop", "customers", purpose="service.support", phone="00351 210 990 043")
        teller.show("✓" if found else "✗", f"approved, corrected and found by the new number after {took:.1f} s")


def _erasure(company: Company, teller: Teller) -> None:
    with teller.step("Ana asks to be erased (Art. 17)"):
        request, took = _request(company, "erasure", {})
        teller.say(f"approved, her key destroyed, the store searched for what was left: {took:.1f} s")
        read = company.call("support", "GET", "/v1/records/shop/customers/1", params={"purpose": "service.support"})
        teller.show(
            "✓" if read.status_code == 410 else "✗", f"reading her now: {read.status_code} {read.json()['title']}"
        )
        with company.module("support") as support:
            found = support.find("shop", "customers", purpose="service.support", email=EMAIL)
        teller.show("✗" if found else "✓", "looking for her address finds nobody")
        certificate = company.call("officer", "GET", f"/v1/requests/{request['id']}/certificate").raise_for_status()
        document = certificate.json()
        path = company.settings.home / "ana-erasure.json"
        path.write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
        verify_json(document, company.runtime.signer.vkey)
        teller.show("✓", f"the certificate is signed and checks out: {path.name}")
        teller.say(f"from {document['backups_by'][:10]} on no backup, however old, can bring her data back")


def _log(company: Company, teller: Teller) -> None:
    with teller.step("The log of all this"):
        log, database = company.runtime.log, company.runtime.database
        log.integrate(database)
        begun = time.perf_counter()
        report = log.verify(database)
        took = time.perf_counter() - begun
        word = "whole" if report.ok else f"BROKEN: {report.findings[0].detail}"
        teller.show("✓" if report.ok else "✗", f"{report.size:,} entries recomputed in {took:.1f} s: {word}")
        teller.say(f"{report.erased} payloads about Ana are gone; their entries and proofs stand")
        teller.say(f"anybody can check it with the key {Verifier.parse(company.runtime.signer.vkey).vkey}")


def _audit(company: Company, teller: Teller) -> None:
    with teller.step("The DPO's audit, and the register of processing"):
        answer = (
            company.call("officer", "POST", "/v1/audits", json={"programme": "quarterly"}).raise_for_status().json()
        )
        run = company.call("officer", "GET", f"/v1/audits/{answer['id']}").raise_for_status().json()
        for result in run["results"]:
            mark = {"pass": "✓", "finding": "✗"}.get(result["status"], "~")
            teller.show(mark, str(result["title"]))
        ropa = company.call("officer", "GET", "/v1/ropa").raise_for_status().json()
        teller.say(f"register (Art. 30): {len(ropa['activities'])} activities, {len(ropa['missing'])} gaps")
