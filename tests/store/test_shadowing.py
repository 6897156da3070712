"""Shadow mode: a candidate decides too, is counted and logged, and never changes an answer."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from privacy_svc.examples import folder
from privacy_svc.runtime import Runtime
from privacy_svc.store import shadowing
from tests.calling import Service
from tests.store.test_authzen import ask, consent, one

Made = Callable[[str, str, str], Service]


@pytest.fixture
def shadowed(shop: Runtime, tmp_path: Path) -> Iterator[Made]:
    """The service beside candidate policies with one text replaced in one file."""
    served: list[Service] = []

    def make(file: str, before: str, after: str) -> Service:
        candidate = tmp_path / "candidate"
        shutil.copytree(folder("policies"), candidate)
        text = (candidate / file).read_text()
        assert before in text
        (candidate / file).write_text(text.replace(before, after))
        service = Service(replace(shop, settings=replace(shop.settings, shadow_policies=str(candidate))))
        served.append(service)
        service.http.__enter__()
        return service

    yield make
    for service in served:
        service.http.__exit__(None, None, None)


def counted(change: str, purpose: str = "marketing.email") -> float:
    return REGISTRY.get_sample_value(
        "privacy_shadow_decisions_total", {"purpose": purpose, "change": change}
    ) or 0.0  # fmt: skip


def lines(said: list[Any]) -> list[Any]:
    return [line for line in said if line["event"].startswith("policy.shadow")]


NAMES = "[user.name, user.contact.email, user.demographic.language, user.privacy_preferences]"
WIDER = NAMES.replace("user.contact.email", "user.contact.email, user.contact.address")


def test_a_tightening_is_told_and_not_enforced(shadowed: Made) -> None:
    """The name is still given out; that it would not be is counted and logged, without the person."""
    service = shadowed("purposes.yml", NAMES, NAMES.replace("user.name, ", ""))
    consent(service, "1")
    before = counted("tightened")
    with structlog.testing.capture_logs() as said:
        answer = ask(service, one("1", "first_name")).json()
    assert answer["decision"] is True
    assert counted("tightened") == before + 1
    (line,) = lines(said)
    assert (line["change"], line["before"], line["after"]) == ("tightened", "permit", "category_not_in_purpose")
    assert line["fields"] == ["first_name"]
    assert line["in_force"] == answer["context"]["policy_version"] != line["candidate"]
    assert set(line) == {
        *("event", "log_level", "left_out", "module", "purpose", "change", "before", "after", "fields"),
        *("in_force", "candidate"),
    }


def test_a_loosening_is_told_and_not_enforced(shadowed: Made) -> None:
    """Who may not, may not, whatever the candidate would permit."""
    service = shadowed("purposes.yml", NAMES, WIDER)
    consent(service, "1")
    before = counted("loosened")
    assert ask(service, one("1", "city")).json()["decision"] is False
    assert counted("loosened") == before + 1


def test_the_same_is_counted_and_not_logged(shadowed: Made) -> None:
    """Agreement is a number, not a line."""
    service = shadowed("purposes.yml", "en: News and offers", "en: Offers and news")
    consent(service, "1")
    before = counted("same")
    with structlog.testing.capture_logs() as said:
        ask(service, one("1", "email"))
    assert counted("same") == before + 1
    assert lines(said) == []


def test_a_broken_candidate_harms_nothing(shadowed: Made) -> None:
    """Files that do not fit are told once in a while; decisions are made as without them."""
    service = shadowed("modules.yml", "modules:", "modules: [")
    consent(service, "1")
    with structlog.testing.capture_logs() as said:
        assert ask(service, one("1", "email")).json()["decision"] is True
        assert ask(service, one("1", "email")).json()["decision"] is True
    (line,) = lines(said)
    assert line["event"] == "policy.shadow.refused"
    assert "modules.yml" in line["faults"][0]


def test_a_candidate_that_raises_harms_nothing(shadowed: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even an error in the candidate's own decision is a number and a line."""
    service = shadowed("purposes.yml", NAMES, WIDER)
    consent(service, "1")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shadowing, "decide", broken)
    before = counted("broken")
    assert ask(service, one("1", "email")).json()["decision"] is True
    assert counted("broken") == before + 1


def test_lines_are_bounded(shadowed: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many decisions differ, only so many lines a minute are written; all are counted."""
    monkeypatch.setattr(shadowing, "LINES_A_MINUTE", 2)
    service = shadowed("purposes.yml", NAMES, WIDER)
    consent(service, "1")
    before = counted("loosened")
    with structlog.testing.capture_logs() as said:
        for _ in range(5):
            ask(service, one("1", "city"))
    assert len(lines(said)) == 2
    assert counted("loosened") == before + 5


def test_a_made_up_field_is_in_no_line(shadowed: Made) -> None:
    """A candidate that gives another reason for it does not make its name one of ours."""
    service = shadowed("modules.yml", "  marketing:\n", "  marketing-of-old:\n")
    with structlog.testing.capture_logs() as said:
        ask(service, one("1", "email", "maria.muster@mail.example"))
        consent(service, "1")
        ask(service, one("1", "email", "maria.muster@mail.example"))
    assert [line["fields"] for line in lines(said)] == [["email"], ["email"]]
