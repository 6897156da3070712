"""A company whose recipients are told, and its work carried out step by step without the workflow engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from privacy_svc.db import Database
from privacy_svc.rights import Recipients, RequestView, Right, State
from privacy_svc.rights.views import NoticeView
from tests.rights.company import ANA, DATASET, ORGANISATION, Company, found_company, open_company
from tests.rights.running import carried_out
from tests.rights.test_approval import verified

IDENTIFIER = ANA["city"]
"""What the recipient itself calls Ana, in a column of the store: any will do."""
WITH_IDENTIFIER = DATASET.replace(
    "[user.contact.address.city]\n            privacy: {erase: null}",
    "[user.contact.address.city]\n            privacy: {erase: null, identifier_of: letterbox}",
)
NEAR = {"outbound_allow": "127.0.0.0/8"}


def organisation(tell: str) -> str:
    known = f"letterbox: {{name: Letterbox Ltd, email: dpo@letterbox.example, tell: {tell},"
    return ORGANISATION.replace("letterbox: {name: Letterbox Ltd,", known)


def with_settings(company: Company, **changed: object) -> Company:
    parts = company.requests.parts
    company.requests.parts = replace(parts, settings=replace(parts.settings, **changed))
    return company


@contextmanager
def telling(home: Path, database: Database, store_url: str, tell: str, **settings: object) -> Iterator[Company]:
    home.mkdir()
    changed = {"organisation.yml": organisation(tell), "datasets/crm.yml": WITH_IDENTIFIER}
    with found_company(home, database, store_url, **changed) as company:
        yield with_settings(company, **NEAR | settings)


@contextmanager
def telling_again(home: Path, database: Database, store_url: str, **settings: object) -> Iterator[Company]:
    """As another process sees it."""
    with open_company(home, database, store_url) as company:
        yield with_settings(company, **NEAR | settings)


def carry_out(company: Company, request: str) -> None:
    carried_out(company.database, company.requests.parts, request)


def done_for(company: Company, right: Right = Right.ERASURE, **details: object) -> RequestView:
    request = verified(company, right, **details)
    if request.state == State.AWAITING_APPROVAL:
        company.requests.approve(request.id, "dora")
    carry_out(company, request.id)
    return company.requests.show(request.id)


def deliver(company: Company) -> int:
    return Recipients(company.requests).courier.deliver_due()


def notice(company: Company, request: str) -> NoticeView:
    [found] = company.requests.notifications(request)
    return found
